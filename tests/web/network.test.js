// Whole networks: the model's file, every layer's output, Grad-CAM, and each value's arithmetic, against PyTorch.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asTensor, assertClose, stack, STATIC } from "./support.js";

const { Network, readModel, untrained } = await import(new URL("engine/index.js", STATIC));
const { explainUnit } = await import(new URL("explorer/explain.js", STATIC));
const { indexIn, positionIn } = await import(new URL("explorer/positions.js", STATIC));
const { reach } = await import(new URL("explorer/reach.js", STATIC));
const networks = JSON.parse(readFileSync(new URL("networks.json", import.meta.url), "utf-8"));

function open(name) {
  const bytes = readFileSync(new URL(`${name}.safetensors`, import.meta.url));
  return readModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

for (const [name, { image, outputs, position, evidence, gradients }] of Object.entries(networks)) {
  describe(`the network “${name}”`, () => {
    const model = open(name);
    const network = new Network(model);
    const input = asTensor(image);
    const found = [...network.run([input])];

    test("makes what PyTorch makes, in every layer", () => {
      assert.equal(found.length, outputs.length);
      outputs.forEach((wanted, i) => assertClose(found[i], wanted, 2e-6));
    });

    test("finds the evidence for each class that autograd finds", () => {
      evidence.forEach((wanted, each) => assertClose(network.evidence(position, each), wanted, 1e-5));
    });

    test("knows how each pixel would change each score, as autograd does", () => {
      gradients.forEach((wanted, each) => assertClose(network.gradient(-1, each), wanted, 1e-5));
    });

    test("explains every value by arithmetic that gives this value", () => {
      outputs.forEach(({ shape, data }, at) => {
        const below = at ? found[at - 1] : input;
        data.forEach((wanted, unit) => {
          const { value } = explainUnit(model.layers[at], [below], shape, unit);
          assert.ok(Math.abs(value - wanted) < 1e-5, `layer ${at}, value ${unit}: ${value}, and PyTorch has ${wanted}`);
        });
      });
    });

    test("knows the pixels that a value depends on: others change nothing", () => {
      const shapes = [input.shape, ...outputs.map(({ shape }) => shape)];
      for (const unit of [0, outputs[position].data.length - 1]) {
        const box = reach(model, shapes, position, unit)[0];
        const changed = { shape: input.shape, data: input.data.slice() };
        const outside = (_, i) => {
          const { row, column } = positionIn(input.shape, i);
          return row < box.top || row >= box.top + box.rows || column < box.left || column >= box.left + box.columns;
        };
        changed.data.forEach((value, i) => outside(value, i) && (changed.data[i] = 9));
        const again = new Network(model).run([changed]);
        assert.equal(again[position].data[unit], found[position].data[unit]);
      }
    });

    test("runs again with a filter off and a number changed, and back", () => {
      const [height, width, channels] = found[position].shape;
      network.silence(position, 1, true);
      const silenced = [...network.run([input])];
      for (let i = 1; i < height * width * channels; i += channels) assert.equal(silenced[position].data[i], 0);
      assert.notDeepEqual(silenced.at(-1).data, found.at(-1).data);
      network.silence(position, 1, false);
      network.set(position, "kernel", 0, model.layers[position].weights.kernel.data[0]);
      assert.deepEqual([...network.run([input])].at(-1).data, found.at(-1).data);
    });

    test("has an untrained twin that answers something else", () => {
      const twin = new Network(untrained(model));
      assert.deepEqual(twin.run([input]).at(-1).shape, found.at(-1).shape);
      assert.notDeepEqual(twin.outputs.at(-1).data, found.at(-1).data);
      assert.deepEqual([...network.run([input])].at(-1).data, found.at(-1).data);
    });
  });
}

test("an autoencoder makes what PyTorch makes, in every layer, and its gradient is that of autograd", () => {
  const { image, outputs, gradient } = JSON.parse(readFileSync(new URL("autoencoder.json", import.meta.url), "utf-8"));
  const network = new Network(open("autoencoder"));
  const found = [...network.run([asTensor(image)])];
  assert.equal(found.length, outputs.length);
  outputs.forEach((wanted, i) => assertClose(found[i], wanted, 2e-6));
  assertClose(network.gradient(-1, indexIn(outputs.at(-1).shape, { row: 10, column: 7, channel: 1 })), gradient, 1e-5);
});

test("a ReLU with a bound, a slope and a threshold of its own does what Keras' does", async () => {
  const { operationOf } = await import(new URL("engine/operations.js", STATIC));
  const settings = { operation: "rectify", most: 2, slope: 0.25, threshold: 0.75 };
  const input = asTensor({ shape: [4], data: [-2, 0.5, 1, 3] });
  const one = asTensor({ shape: [4], data: [1, 1, 1, 1] });
  assertClose(operationOf(settings).forward(input, settings), { shape: [4], data: [-0.6875, -0.0625, 1, 2] });
  assertClose(operationOf(settings).backward(one, input, settings), { shape: [4], data: [0.25, 0.25, 1, 0] });
});

describe("the model's file", () => {
  test("refuses what is cut short, of another program, or of an unknown layer", () => {
    assert.throws(() => readModel(new ArrayBuffer(4)), /damaged or cut short/);
    const file = (header) => {
      const text = new TextEncoder().encode(JSON.stringify(header));
      const bytes = new Uint8Array(8 + text.length);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
      bytes.set(text, 8);
      return bytes.buffer;
    };
    assert.throws(() => readModel(file({})), /not written by Convoscope/);
    const layers = [{ class_name: "LSTM", config: { name: "x" } }];
    const told = JSON.stringify({ model: { architecture: { name: "m", input_shape: [2], layers } } });
    assert.throws(() => readModel(file({ __metadata__: { convoscope: told } })), /LSTM/);
  });

  test("may have kernels in 8 bits: each number times the scale of its output channel", () => {
    const entries = {
      "layers/0/bias": { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      "layers/0/kernel.scale": { dtype: "F32", shape: [2], data_offsets: [8, 16] },
      "layers/0/kernel": { dtype: "I8", shape: [3, 2], data_offsets: [16, 22] },
    };
    const layers = [{ class_name: "Dense", config: { name: "dense", activation: "linear" } }];
    const told = JSON.stringify({ model: { architecture: { name: "m", input_shape: [3], layers } } });
    const file = (tensors) => {
      const text = new TextEncoder().encode(JSON.stringify({ __metadata__: { convoscope: told }, ...tensors }));
      const bytes = new Uint8Array(8 + text.length + 22);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
      bytes.set(text, 8);
      bytes.set(new Uint8Array(Float32Array.of(0.5, -1, 0.25, 2).buffer), 8 + text.length);
      bytes.set(new Uint8Array(Int8Array.of(127, -127, -2, 3, 0, 1).buffer), 8 + text.length + 16);
      return bytes.buffer;
    };
    const [layer] = readModel(file(entries)).layers;
    assert.deepEqual([...layer.weights.kernel.data], [31.75, -254, -0.5, 6, 0, 2]);
    assert.deepEqual([Object.keys(layer.weights).sort(), layer.parameters], [["bias", "kernel"], 8]);
    delete entries["layers/0/kernel.scale"];
    assert.throws(() => readModel(file(entries)), /damaged or cut short/);
  });

  test("positions and indices are each other's inverse", () => {
    for (const shape of [[3, 4, 5], [7]])
      for (let i = 0; i < 7; i++) assert.equal(indexIn(shape, positionIn(shape, i)), i);
  });
});

test("a single score speaks for class 1: for class 0 its gradient has the other sign", () => {
  const [kernel, data] = [Float32Array.of(2, -3), Float32Array.of(1, 1)];
  const dense = { operation: "dense", kernel: { shape: [2, 1], data: kernel }, bias: null };
  const layer = { weights: {}, steps: [dense, { operation: "activate", name: "sigmoid" }] };
  const network = new Network(stack([layer], [2]));
  network.run([{ shape: [2], data }]);
  assert.deepEqual([...network.gradient(-1, 1).data], [2, -3]);
  assert.deepEqual([...network.gradient(-1, 0).data], [-2, 3]);
});
