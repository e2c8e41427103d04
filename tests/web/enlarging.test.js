// Layers that enlarge, explained: the arithmetic of single values, and what of the image they see.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asTensor, stack, STATIC, values } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { Network, readModel } = await load("engine/index.js");
const { explainUnit } = await load("explorer/explain.js");
const { indexIn, positionIn } = await load("explorer/positions.js");
const { reach } = await load("explorer/reach.js");
const { describe: inWords } = await load("explorer/words.js");

const layerOf = (...steps) => ({ weights: {}, steps });
const ofNumbers = (shape, ...data) => asTensor({ shape, data });
const near = (value, wanted, words) => assert.ok(Math.abs(value - wanted) < 1e-5 * Math.max(1, Math.abs(wanted)), words);

describe("every value is explained by arithmetic that gives what PyTorch has", () => {
  const explained = (layer, input, { shape, data }, words) =>
    data.forEach((wanted, unit) => {
      const { value } = explainUnit(layer, [input], shape, unit);
      near(value, wanted, `${words}, value ${unit}: ${value}, and PyTorch has ${wanted}`);
    });

  test("in transposed convolutions of every stride, padding and dilation", () => {
    for (const { options, kernel, bias, input, output } of values.convolve_transposed) {
      const step = { operation: "convolve_transposed", kernel: asTensor(kernel), bias: asTensor(bias), ...options };
      explained(layerOf(step), asTensor(input), output, JSON.stringify(options));
    }
  });

  test("in nearest and bilinear upsampling", () => {
    for (const { options, input, output } of values.enlarge)
      explained(layerOf({ operation: "enlarge", ...options }), asTensor(input), output, JSON.stringify(options));
  });

  test("in a whole autoencoder", () => {
    const { image, outputs } = JSON.parse(readFileSync(new URL("autoencoder.json", import.meta.url), "utf-8"));
    const bytes = readFileSync(new URL("autoencoder.safetensors", import.meta.url));
    const { layers } = readModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    [image, ...outputs.slice(0, -1)].forEach((input, at) =>
      explained(layers[at], asTensor(input), outputs[at], layers[at].name),
    );
  });
});

describe("a transposed convolution's value", () => {
  // One map of 2×2 pixels; two filters of 3×3, whose numbers tell their position: 10 × row + column, the second's negative.
  const input = ofNumbers([2, 2, 1], 1, 2, 3, 4);
  const kernel = ofNumbers([3, 3, 2, 1], ...Array.from({ length: 9 }, (_, i) => [10, -10].map((sign) => sign * Math.floor(i / 3) + Math.sign(sign) * (i % 3))).flat()); // prettier-ignore
  const step = { operation: "convolve_transposed", kernel, bias: ofNumbers([2], 0.5, 0), stride: [2, 2], padding: "valid", outputPadding: null, dilation: [1, 1] }; // prettier-ignore
  const shape = [5, 5, 2];
  const at = (row, column, channel, of = step) => explainUnit(layerOf(of), [input], shape, indexIn(shape, { row, column, channel }));

  test("gathers the pixels whose kernels overlap there, each with another number of the kernel", () => {
    const { parts, meets, sum, bias, value } = at(2, 2, 0);
    assert.deepEqual(meets, { rows: [2, 0], columns: [2, 0] });
    assert.deepEqual(parts[0].cells.flat().map(({ row, column, value: pixel, weight }) => [row, column, pixel, weight]), [[0, 0, 1, 22], [0, 1, 2, 20], [1, 0, 3, 2], [1, 1, 4, 0]]); // prettier-ignore
    assert.deepEqual([sum, bias, value], [1 * 22 + 2 * 20 + 3 * 2 + 4 * 0, 0.5, 68.5]);
    assert.deepEqual(at(0, 3, 1).parts[0].cells.flat().map(({ value: pixel, tap, weight }) => [pixel, tap, weight]), [[2, [0, 1], -1]]); // prettier-ignore
  });

  test("names the number of the kernel that an edit changes", () => {
    for (const [row, column, channel] of [[2, 2, 0], [2, 3, 1], [4, 1, 1]]) // prettier-ignore
      for (const { weightIndex, value: pixel } of at(row, column, channel).parts[0].cells.flat()) {
        const data = kernel.data.slice();
        data[weightIndex] += 1;
        const { value } = at(row, column, channel, { ...step, kernel: { ...kernel, data } });
        assert.equal(value - at(row, column, channel).value, pixel);
      }
  });

  test("is the bias alone where painted kernels leave a gap, and sees nothing of the image", () => {
    const layer = layerOf({ ...step, kernel: ofNumbers([1, 1, 2, 1], 3, 4) });
    const found = explainUnit(layer, [input], [4, 4, 2], indexIn([4, 4, 2], { row: 1, column: 2, channel: 0 }));
    assert.deepEqual([found.meets, found.sum, found.value], [null, 0, 0.5]);
    assert.equal(reach(stack([layer], input.shape), [input.shape, [4, 4, 2]], 0, indexIn([4, 4, 2], { row: 1, column: 2, channel: 0 }))[0].rows, 0);
  });

  test("goes through its activation at the end", () => {
    const found = explainUnit(layerOf(step, { operation: "activate", name: "relu" }), [input], shape, indexIn(shape, { row: 2, column: 2, channel: 1 })); // prettier-ignore
    assert.deepEqual([found.before, found.value, found.activation], [-68, 0, "relu"]);
  });
});

describe("a value of an enlarged image", () => {
  const input = ofNumbers([2, 2, 1], 16, 32, 48, 64);
  const at = (row, column, bilinear) =>
    explainUnit(layerOf({ operation: "enlarge", size: [2, 2], bilinear }), [input], [4, 4, 1], row * 4 + column);

  test("is that of the pixel below its block", () => {
    const { cells, value } = at(3, 1, false);
    assert.deepEqual(cells, [[{ row: 1, column: 0, index: 2, value: 48, share: 1, product: 48 }]]);
    assert.equal(value, 48);
  });

  test("lies between four pixels, each with its share, and at a corner is that of one", () => {
    const { cells, value } = at(1, 1, true);
    assert.deepEqual(cells.flat().map(({ share }) => share), [9 / 16, 3 / 16, 3 / 16, 1 / 16]); // prettier-ignore
    assert.deepEqual(cells.flat().map(({ product }) => product), [9, 6, 9, 4]); // prettier-ignore
    assert.equal(value, 28);
    assert.deepEqual([at(0, 3, true).cells.flat().length, at(0, 3, true).value], [1, 32]);
  });
});

describe("what of the image a value sees", () => {
  // Where all weights are 1, a value changes if and only if a pixel changes that it sees.
  const ones = (...shape) => ofNumbers(shape, ...new Array(shape.reduce((a, b) => a * b, 1)).fill(1));
  const convolution = (size) => layerOf({ operation: "convolve", kernel: ones(size, size, 1, 1), bias: null, stride: [1, 1], padding: "same", dilation: [1, 1] }); // prettier-ignore
  const halved = layerOf({ operation: "pool", mode: "average", size: [2, 2], stride: [2, 2], padding: "valid" });
  const painted = ([height, width], stride, padding, outputPadding = null) =>
    layerOf({ operation: "convolve_transposed", kernel: ones(height, width, 1, 1), bias: null, stride, padding, outputPadding, dilation: [1, 1] }); // prettier-ignore
  const enlarged = (size, bilinear) => layerOf({ operation: "enlarge", size, bilinear });
  const smaller = [convolution(3), halved, convolution(3), halved];

  const STACKS = {
    "an autoencoder of transposed convolutions": [...smaller, painted([3, 3], [2, 2], "same"), painted([3, 3], [2, 2], "same"), convolution(3)], // prettier-ignore
    "an autoencoder of blocks": [...smaller, enlarged([2, 2], false), convolution(3), enlarged([2, 2], false), convolution(3)],
    "bilinear enlargement, unevenly": [halved, enlarged([2, 3], true), convolution(1), enlarged([3, 1], true)],
    "kernels of even size": [halved, painted([4, 2], [2, 1], "same"), painted([2, 4], [1, 2], "valid")],
    "gaps between painted kernels": [painted([1, 2], [3, 3], "valid"), convolution(1)],
    "added rows": [halved, painted([3, 3], [2, 3], "same", [1, 0]), painted([2, 2], [2, 2], "valid", [1, 1])],
  };
  for (const [name, layers] of Object.entries(STACKS))
    test(`is exactly what changes it: ${name}`, () => {
      const image = ofNumbers([8, 8, 1], ...new Array(64).fill(1));
      const model = stack(layers, image.shape);
      const whole = [...new Network(model).run([image])];
      const shapes = [image.shape, ...whole.map(({ shape }) => shape)];
      const seen = Array.from(whole.at(-1).data, () => []); // of each value, the pixels that change it
      image.data.forEach((_, pixel) => {
        const data = image.data.slice();
        data[pixel] = 1001;
        const changed = new Network(model).run([{ ...image, data }]).at(-1).data;
        changed.forEach((value, unit) => value !== whole.at(-1).data[unit] && seen[unit].push(positionIn(image.shape, pixel)));
      });
      seen.forEach((pixels, unit) => {
        const { top, left, rows, columns } = reach(model, shapes, layers.length - 1, unit)[0];
        if (!pixels.length) return assert.equal(rows * columns, 0, `value ${unit}`);
        const [ys, xs] = [pixels.map(({ row }) => row), pixels.map(({ column }) => column)];
        const wanted = [Math.min(...ys), Math.min(...xs), Math.max(...ys), Math.max(...xs)];
        assert.deepEqual([top, left, top + rows - 1, left + columns - 1], wanted, `value ${unit}`);
      });
    });
});

test("layers that enlarge are described in a line", () => {
  const common = { kernel_size: [3, 3], strides: [2, 2], padding: "same", dilation_rate: [1, 1], activation: "relu" };
  assert.equal(inWords({ type: "Conv2DTranspose", config: common }), "Transposed convolution, 3×3, stride 2×2, same padding, ReLU");
  assert.equal(inWords({ type: "Conv2D", config: { ...common, strides: [1, 1] } }), "Convolution, 3×3, same padding, ReLU");
  assert.equal(inWords({ type: "UpSampling2D", config: { size: [2, 3], interpolation: "bilinear" } }), "Upsampling, 2×3, bilinear");
});
