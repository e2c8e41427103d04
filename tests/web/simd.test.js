// The quick network against the one that keeps everything, whose operations are held to PyTorch's numbers elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { STATIC, assertClose } from "./support.js";

const { stepsOf } = await import(new URL("engine/layer-steps.js", STATIC));
const { Network } = await import(new URL("engine/network.js", STATIC));
const { createFastNetwork } = await import(new URL("engine/simd/network.js", STATIC));
const { createRoom } = await import(new URL("engine/simd/room.js", STATIC));
const { instantiate } = await import(new URL("engine/simd/kernels.js", STATIC));
const { signed, unsigned } = await import(new URL("engine/simd/assembler.js", STATIC));

let seed = 1;
const random = () => ((seed = (seed * 48271) % 2147483647) / 2147483647) * 2 - 1;
const tensorOf = (shape, of = random) => ({ shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, of) });

const conv = (filters, size, takes, options = {}) => [
  "Conv2D",
  { strides: [1, 1], padding: "same", dilation_rate: [1, 1], groups: 1, activation: "linear", ...options },
  { kernel: tensorOf([size, size, takes / (options.groups ?? 1), filters]), ...(options.bias ? { bias: tensorOf([filters]) } : {}) },
];
const depthwise = (size, channels, options = {}) => [
  "DepthwiseConv2D",
  { strides: [1, 1], padding: "same", dilation_rate: [1, 1], activation: "linear", ...options },
  { kernel: tensorOf([size, size, channels, 1]) },
];
const norm = (channels) => [
  "BatchNormalization",
  { epsilon: 1e-3 },
  { gamma: tensorOf([channels]), beta: tensorOf([channels]), moving_mean: tensorOf([channels]), moving_variance: tensorOf([channels], () => random() + 1.5) },
];
const relu = (most = 6) => ["ReLU", { negative_slope: 0, max_value: most, threshold: 0 }, {}];

/** A model of layers [type, config, weights, [inputs]]; without inputs a layer reads the one before it. */
function model(inputShape, layers, outputs = [layers.length]) {
  return {
    inputShapes: [inputShape],
    outputs,
    layers: layers.map(([type, config, weights, inputs], i) => ({ type, weights, inputs: inputs ?? [i], first: i, steps: stepsOf(type, config, weights) })),
  };
}

function same(given, kept = [], tolerance = 1e-5) {
  const input = tensorOf(given.inputShapes[0]);
  const [fast, slow] = [createFastNetwork(given, kept), new Network(given)];
  slow.run([input]);
  for (let again = 0; again < 2; again++) // what a run leaves behind must not matter
    fast.run([input]).forEach((found, i) => assertClose(found, slow.value([...kept, ...given.outputs][i]), tolerance));
}

const head = (channels) => [
  ["GlobalAveragePooling2D", { keepdims: false }, {}],
  ["Dense", { activation: "softmax" }, { kernel: tensorOf([channels, 3]), bias: tensorOf([3]) }],
];

test("this machine has vectors: otherwise nothing here is tested", () => {
  assert.ok(instantiate(new WebAssembly.Memory({ initial: 1 })));
});

for (const [height, width] of [[16, 16], [13, 9], [5, 31]])
  test(`an inverted residual of ${height}×${width}, and what the head reads`, () => {
    const layers = [
      ["Rescaling", { scale: 1 / 128, offset: -1 }, {}],
      conv(16, 3, 3, { strides: [2, 2] }), norm(16), relu(),
      conv(48, 1, 16), norm(48), relu(),
      depthwise(5, 48), norm(48), relu(),
      conv(16, 1, 48), norm(16),
      ["Add", {}, {}, [12, 4]],
      conv(32, 1, 16, { bias: true }), relu(null),
      ...head(32),
    ]; // prettier-ignore
    same(model([height, width, 3], layers), [15, 16], 3e-5);
  });

for (const size of [3, 5, 7])
  for (const stride of [1, 2])
    for (const padding of ["same", "valid"])
      test(`depthwise ${size}×${size}, stride ${stride}, ${padding}`, () => {
        same(model([17, 14, 12], [depthwise(size, 12, { strides: [stride, stride], padding }), relu()]));
      });

for (const options of [{}, { strides: [2, 2] }, { strides: [3, 1], padding: "valid" }, { dilation_rate: [2, 2] }, { bias: true, activation: "relu" }])
  test(`convolutions of several sizes, ${JSON.stringify(options)}`, () => {
    for (const size of [1, 2, 3]) same(model([11, 15, 5], [conv(24, size, 5, options), relu(null)]));
  });

test("large images are convolved in parts, and wide kernels in panels", () => {
  same(model([70, 66, 32], [conv(8, 3, 32, { bias: true })]), [], 1e-4);
  same(model([3, 3, 600], [conv(320, 1, 600)]), [], 1e-4);
});

test("what has no quick form is computed as everywhere", () => {
  same(model([9, 9, 6], [conv(10, 3, 6), norm(10), relu(), conv(20, 3, 10, { groups: 2 }), ["Activation", { activation: "tanh" }, {}]]));
  same(model([9, 9, 4], [depthwise(4, 4), ["MaxPooling2D", { pool_size: [2, 2], strides: [2, 2], padding: "valid" }, {}], ["Flatten", {}, {}]]));
  same(model([6, 6, 6], [depthwise(3, 6), norm(6), relu()])); // six channels are no whole vectors
});

test("a value that is read twice, or wanted, is not fused away", () => {
  const layers = [conv(8, 1, 8), norm(8), relu(), ["Add", {}, {}, [1, 3]], ["Concatenate", { axis: -1 }, {}, [2, 4]]];
  same(model([4, 5, 8], layers));
  same(model([4, 5, 8], layers.slice(0, 3), [1, 2, 3]));
});

test("layers that do nothing are passed over", () => {
  same(model([4, 4, 8], [["Dropout", {}, {}], conv(8, 1, 8), ["Dropout", {}, {}], norm(8), ["Dropout", {}, {}], relu(), ["Dropout", {}, {}]], [0, 7]));
});

test("rooms that are in use never overlap", () => {
  const room = createRoom(10);
  const taken = [];
  for (let i = 0; i < 2000; i++) {
    if (taken.length && random() < 0.1) {
      room.free(taken.splice(Math.floor(Math.abs(random()) * taken.length), 1)[0].at);
      continue;
    }
    if (taken.length > 20) room.free(taken.shift().at);
    const bytes = 1 + Math.floor(Math.abs(random()) * 1000);
    taken.push({ at: room.take(bytes), bytes });
    const order = [...taken].sort((a, b) => a.at - b.at);
    order.slice(1).forEach(({ at }, k) => assert.ok(order[k].at + order[k].bytes <= at));
    assert.ok(order.every(({ at, bytes: long }) => at >= 10 && at % 64 === 0 && at + long <= room.top()));
  }
  assert.ok(room.top() < 60_000);
});

test("whole numbers as WebAssembly writes them", () => {
  assert.deepEqual(unsigned(624485), [0xe5, 0x8e, 0x26]);
  assert.deepEqual(signed(-123456), [0xc0, 0xbb, 0x78]);
  assert.deepEqual(signed(64), [0xc0, 0x00]);
  assert.deepEqual(signed(-1), [0x7f]);
});
