// Time: weights of 16 bits, other weights for the same network, and what the curves say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asTensor, STATIC } from "./support.js";

const { fromHalf, Network, readModel, takeWeights, untrained } = await import(new URL("engine/index.js", STATIC));
const { areaPath, describeCurve, gapWords, linePath, nearestTo, positionsOf } = await import(
  new URL("explorer/curves.js", STATIC)
);
const { readAddress, writeAddress } = await import(new URL("explorer/address.js", STATIC));
const { Service } = await import(new URL("engine/service.js", STATIC));

function file(name) {
  const bytes = readFileSync(new URL(`${name}.safetensors`, import.meta.url));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/** The same file with all its numbers multiplied: what it says of itself stays. */
function scaled(buffer, factor) {
  const copy = buffer.slice(0);
  for (const { weights } of readModel(copy).layers)
    for (const { data } of Object.values(weights)) data.forEach((x, i) => (data[i] = x * factor));
  return copy;
}

describe("numbers of 16 bits", () => {
  test("are those of IEEE 754", () => {
    const known = new Map([
      [0x0000, 0],
      [0x0001, 2 ** -24], // the smallest
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x3c00, 1],
      [0x3c01, 1 + 2 ** -10],
      [0x7bff, 65504], // the largest
      [0x7c00, Infinity],
      [0xc000, -2],
      [0xfc00, -Infinity],
    ]);
    assert.deepEqual([...fromHalf(Uint16Array.from(known.keys()))], [...known.values()]);
    assert.ok(Object.is(fromHalf(Uint16Array.of(0x8000))[0], -0));
    assert.ok(Number.isNaN(fromHalf(Uint16Array.of(0x7e00))[0]));
  });

  test("are read from a model's file, wherever they begin", () => {
    const shapes = { "layers/0/bias": [1], "layers/0/kernel": [1, 1] };
    const architecture = { name: "m", input_shape: [1], layers: [{ class_name: "Dense", config: { activation: "linear" } }] };
    const told = { __metadata__: { convoscope: JSON.stringify({ model: { architecture } }) } };
    Object.entries(shapes).forEach(([name, shape], i) => {
      told[name] = { dtype: i ? "F32" : "F16", shape, data_offsets: i ? [2, 6] : [0, 2] };
    });
    const header = new TextEncoder().encode(JSON.stringify(told));
    const bytes = new Uint8Array(8 + header.length + 6);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(header.length), true);
    bytes.set(header, 8);
    view.setUint16(8 + header.length, 0x3e00, true);
    view.setFloat32(10 + header.length, 0.1, true);
    const { weights } = readModel(bytes.buffer).layers[0];
    assert.equal(weights.bias.data[0], 1.5);
    assert.equal(weights.kernel.data[0], Math.fround(0.1));
    assert.throws(() => readModel(bytes.buffer.slice(0, -1)), /damaged or cut short/);
  });
});

describe("other weights", () => {
  const image = asTensor(JSON.parse(readFileSync(new URL("networks.json", import.meta.url), "utf-8")).grey.image);
  const answer = (buffer) => [...new Network(readModel(buffer)).run([image])].at(-1).data;

  test("make the network answer as the one that they are of, and the old ones as before", () => {
    const [first, second] = [file("grey"), scaled(file("grey"), 0.5)];
    const service = new Service();
    service.answer({ task: "open", buffer: first.slice(0) });
    const run = (weights) => service.answer({ task: "run", inputs: [image], weights }).outputs.at(-1).data;
    assert.deepEqual(run(null), answer(first));
    assert.deepEqual(run(second), answer(second));
    assert.notDeepEqual(answer(second), answer(first));
    assert.deepEqual(run(first), answer(first));
  });

  test("come before numbers that are changed, and leave filters off that are", () => {
    const service = new Service();
    service.answer({ task: "open", buffer: file("grey") });
    const position = readModel(file("grey")).layers.findIndex(({ type }) => type === "Conv2D");
    service.answer({ task: "run", inputs: [image], changes: [{ position, channel: 0, off: true }] });
    const second = scaled(file("grey"), 0.5);
    const changes = [{ position, weight: "kernel", index: 0, value: 3 }];
    const found = service.answer({ task: "run", inputs: [image], weights: second, changes }).outputs;
    const wanted = new Network(readModel(second));
    wanted.silence(position, 0, true);
    wanted.set(position, "kernel", 0, 3);
    assert.deepEqual(found.at(-1).data, [...wanted.run([image])].at(-1).data);
  });

  test("of another network are refused, and nothing has changed", () => {
    const model = readModel(file("grey"));
    const { layers } = model;
    const before = structuredClone(layers.map(({ weights }) => weights));
    assert.throws(() => takeWeights(layers, readModel(file("colour")).layers), /of another network/);
    assert.throws(() => takeWeights(layers, untrained(model).layers.slice(1)), /of another network/);
    assert.deepEqual(layers.map(({ weights }) => weights), before); // prettier-ignore
  });
});

describe("the epochs", () => {
  const epochs = [
    { epoch: 1, loss: 2, accuracy: 0.5, val_loss: 1, val_accuracy: 0.62 },
    { epoch: 2, loss: 1, accuracy: 0.7, val_loss: 0.5, val_accuracy: 0.65 },
    { epoch: 3, loss: 0.25, accuracy: 0.955, val_loss: 0.8, val_accuracy: 0.6 },
  ];
  const after = [...epochs, { epoch: 4, loss: 0.1, accuracy: 0.99, val_loss: 0.9, val_accuracy: 0.6 }];

  test("that can be chosen are those whose weights were kept, or all", () => {
    assert.deepEqual(positionsOf({ epochs, snapshots: [0, 2] }), [0, 2]);
    assert.deepEqual(positionsOf({ epochs, snapshots: [] }), [1, 2, 3]);
    assert.equal(nearestTo([0, 2, 7], 4.4), 2);
    assert.equal(nearestTo([0, 2, 7], 4.6), 7);
  });

  test("are a line, broken where nothing was measured; one alone is a dot", () => {
    assert.equal(linePath([[0, 10], [50, 20], null, [100, 30.128]]), "M0 10h0L50 20M100 30.13h0"); // prettier-ignore
    assert.equal(linePath([null]), "");
  });

  test("have a gap where both lines are", () => {
    assert.equal(areaPath([[0, 1], [1, 2], [2, 3]], [[0, 5], [1, 6], null]), "M0 1L1 2L1 6L0 5Z"); // prettier-ignore
    assert.equal(areaPath([[0, 1]], [[0, 5]]), "");
  });

  test("are said in words, and so is overfitting", () => {
    assert.equal(describeCurve("loss", epochs), "Loss of epochs 1 to 3: training from 2 to 0.25; validation from 1 to 0.8.");
    assert.equal(
      describeCurve("accuracy", [{ epoch: 4, accuracy: 0.5 }]),
      "Accuracy of epochs 4 to 4: training from 50 % to 50 %.",
    );
    const risen = "Its loss was lowest after epoch 2 and has risen since: overfitting.";
    assert.equal(gapWords(epochs, 3), `Validation is 35.5 points below training after epoch 3.`);
    assert.equal(gapWords(after, 3), `Validation is 35.5 points below training after epoch 3. ${risen}`);
    assert.equal(gapWords(after, 1), `Validation is 12 points above training after epoch 1. ${risen}`);
    assert.equal(gapWords(epochs.slice(0, 2), 0), "");
    assert.equal(gapWords([{ epoch: 1, loss: 1 }], 1), "");
  });

  test("stand in the address", () => {
    const state = { view: "overview", source: "test", image: 3, position: -1, unit: null, cell: null, off: new Map(), edits: new Map(), folded: [] };
    assert.equal(writeAddress({ ...state, epoch: 12 }), "image=3&epoch=12");
    assert.equal(readAddress("#image=3&epoch=12").epoch, 12);
    assert.equal(writeAddress({ ...state, epoch: null }), "image=3");
    assert.equal(readAddress("epoch=-1").epoch, undefined);
    assert.equal(readAddress("epoch=x").epoch, undefined);
  });
});
