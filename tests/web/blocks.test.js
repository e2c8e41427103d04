// Blocks of layers, what a class' logit is made of, and the network that Python runs.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { blockOf, blocksIn, factsOf, inBlocks, openAtFirst, valuesIn } = await load("explorer/blocks.js");
const { columnsOf, shortcuts } = await load("explorer/branches.js");
const { contributions, featuresOf, mapOf, strongestOf } = await load("explorer/features.js");
const { createPythonNetwork } = await load("explorer/python-network.js");
const { textOf } = await load("explorer/given.js");
const { amount } = await load("explorer/words.js");
const named = (type, ...names) => names.map((name) => blockOf({ name, type }));

describe("a layer's block", () => {
  test("is the beginning of its name, as known networks have them", () => {
    assert.deepEqual(named("Conv2D", "block2a_expand_conv", "block_12_expand", "conv2_block1_1_conv", "conv2_block1_0_bn"), [
      "block2a",
      "block_12",
      "conv2_block1",
      "conv2_block1",
    ]);
    assert.deepEqual(named("Conv2D", "layer1.0.conv1", "layer1_1_conv2", "features.3.conv", "fire2_squeeze", "conv1_bn"), [
      "layer1.0",
      "layer1_1",
      "features.3",
      "fire2",
      "conv1",
    ]);
    assert.deepEqual(named("Conv2D", "stem_conv", "top_bn"), ["stem", "top"]);
  });

  test("is that of the model that it stands in, too", () => {
    assert.deepEqual(named("Conv2D", "backbone/block2a_dwconv", "backbone/conv2d_3"), ["backbone/block2a", "backbone"]);
  });

  test("is none for names that the library has made up, or that only count", () => {
    assert.deepEqual(named("Conv2D", "conv2d", "conv2d_1", "conv_1"), [null, null, null]);
    assert.deepEqual(named("Conv2DTranspose", "conv2d_transpose_2"), [null]);
    assert.deepEqual(named("GlobalAveragePooling2D", "global_average_pooling2d", "global_average_pooling2d_1"), [null, null]);
    assert.deepEqual(named("BatchNormalization", "batch_normalization_7"), [null]);
    assert.deepEqual(named("ReLU", "re_lu_3"), [null]);
  });
});

/** A residual block between a stem and a last layer; the input has number 0. */
function residual() {
  const layer = (name, inputs, parameters = 0, type = "Conv2D") => ({ name, inputs, parameters, type, steps: [{ operation: "convolve" }] });
  const layers = [
    layer("stem_conv", [0], 10),
    layer("stem_bn", [1], 4),
    layer("block1_conv", [2], 30),
    layer("block1_bn", [3], 4),
    layer("block1_add", [4, 2]),
    layer("last", [5], 7),
  ].map((each, first) => ({ ...each, first }));
  const shapes = [[8, 8, 3], [8, 8, 4], [8, 8, 4], [8, 8, 4], [8, 8, 4], [8, 8, 4], [8, 8, 2]];
  return { layers, inputShapes: [[8, 8, 3]], shapes, first: 1, multiplyAdds: [100, 0, 300, 0, 0, 50] };
}
const keyOf = (model) => (value) => (value < 1 ? null : blockOf(model.layers[value - 1]));

describe("a network in blocks", () => {
  test("has the layers of a block together, and the others as they were", () => {
    const model = residual();
    const columns = inBlocks(columnsOf(model), keyOf(model));
    assert.deepEqual(columns, [0, { block: "stem", column: [1, 2] }, { block: "block1", column: [3, 4, 5] }, 6]);
    assert.deepEqual(valuesIn(columns), [0, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual(shortcuts(columnsOf(model), model), [[2, 5]]);
  });

  test("says of each block what goes in and comes out, and what it takes", () => {
    const model = residual();
    const [stem, block] = blocksIn(inBlocks(columnsOf(model), keyOf(model))).map((each) => factsOf(each, model));
    assert.deepEqual(stem, { name: "stem", layers: 2, from: [8, 8, 3], to: [8, 8, 4], parameters: 14, multiplyAdds: 100, skips: false });
    assert.deepEqual(block, { name: "block1", layers: 3, from: [8, 8, 4], to: [8, 8, 4], parameters: 34, multiplyAdds: 300, skips: true });
  });

  test("counts the parameters of a layer that is called twice once", () => {
    const model = residual();
    model.layers[3] = { ...model.layers[2], inputs: [3], first: 2 };
    const block = blocksIn(inBlocks(columnsOf(model), keyOf(model)))[1];
    assert.equal(factsOf(block, model).parameters, 30);
  });

  test("keeps branches of one block inside it, and finds blocks within branches", () => {
    const columns = [0, { branches: [[1, 2], [3]] }, 4, { branches: [[5, 6], [7]] }];
    const keys = [null, "a", "a", "a", "a", "b", "b", "c"];
    assert.deepEqual(inBlocks(columns, (value) => keys[value]), [
      0,
      { block: "a", column: [{ branches: [[1, 2], [3]] }, 4] },
      { branches: [[{ block: "b", column: [5, 6] }], [7]] },
    ]);
  });

  test("is open at first, unless it is large", () => {
    const blocks = [{}, {}];
    assert.deepEqual(openAtFirst({ layers: Array(40) }, blocks), [0, 1]);
    assert.deepEqual(openAtFirst({ layers: Array(41) }, blocks), []);
  });
});

describe("what a logit is made of", () => {
  const kernel = { shape: [3, 2], data: Float32Array.of(1, -1, 2, 0.5, -3, 4) };
  const bias = { data: Float32Array.of(0.25, -0.5) };

  test("is each feature times its weight, and the bias", () => {
    const { terms, bias: constant, sum, logit } = contributions({ kernel, bias }, Float32Array.of(2, 0.5, 1), 1);
    assert.deepEqual([[...terms], constant, sum, logit], [[-2, 0.25, 4], -0.5, 2.25, 1.75]);
  });

  test("of a single output speaks for class 1, and against class 0", () => {
    const single = { kernel: { shape: [2, 1], data: Float32Array.of(3, -1) }, bias: { data: Float32Array.of(0.5) } };
    assert.deepEqual([...contributions(single, Float32Array.of(1, 2), 1).terms], [3, -2]);
    const against = contributions(single, Float32Array.of(1, 2), 0);
    assert.deepEqual([[...against.terms], against.logit], [[-3, 2], -1.5]);
  });

  test("has strongest terms, and the others that speak for the class together", () => {
    assert.deepEqual(strongestOf([1, -5, 3, 0, 2, 0.5], 2), { best: [2, 4], more: 2, theirs: 1.5 });
  });

  test("is found behind a softmax of its own, a dropout and a global pooling", () => {
    const step = (operation) => (operation ? [{ operation }] : []);
    const layers = [["Conv2D", "convolve"], ["GlobalAveragePooling2D", "global_pool"], ["Dropout", null], ["Dense", "dense"], ["Softmax", "activate"]]
      .map(([type, operation], i) => ({ type, steps: step(operation), inputs: [i] })); // prettier-ignore
    const shapes = [[8, 8, 3], [6, 6, 5], [5], [5], [4], [4]];
    assert.deepEqual(featuresOf({ layers, main: 4, first: 1, shapes }), { dense: 3, features: 3, maps: 1 });
    layers[2] = { ...layers[2], type: "UnitNormalization", steps: step("normalize_unit") }; // as on a frozen backbone
    assert.deepEqual(featuresOf({ layers, main: 4, first: 1, shapes }), { dense: 3, features: 3, maps: 1 });
    layers[1] = { ...layers[1], steps: step("dense") };
    assert.deepEqual(featuresOf({ layers, main: 4, first: 1, shapes }), { dense: 3, features: 3, maps: null });
    assert.equal(featuresOf({ layers, main: 0, first: 1, shapes }), null);
  });

  test("has the map of a feature, also of one value of a flattened map", () => {
    const maps = { shape: [1, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    assert.deepEqual([...mapOf(maps, 1).data], [2, 5]);
    assert.deepEqual(mapOf(maps, 5), { shape: [1, 2, 1], data: Float32Array.of(3, 6) });
  });
});

describe("a network that Python runs", () => {
  const tensor = (...data) => ({ shape: [data.length], data: Float32Array.from(data) });
  const model = { main: 3, layers: Array(4) };
  function asked(about) {
    const questions = [];
    const post = async (address, question) => {
      questions.push([address, structuredClone(question)]);
      return (question.wanted ?? [0]).map((position) => tensor(position));
    };
    return { questions, network: createPythonNetwork({ model, about, post }) };
  }

  test("asks for the main output and what is wanted, and for more when that is wanted", async () => {
    const { questions, network } = asked(() => ({ epoch: 2 }));
    const outputs = await network.run([{ ...tensor(1), number: 7 }], [1, 3]);
    assert.deepEqual(outputs, [undefined, tensor(1), undefined, tensor(3)]);
    assert.equal(await network.fill(outputs, [1, 3]), false);
    assert.deepEqual(await Promise.all([network.fill(outputs, [0, 1]), network.fill(outputs, [0, 2])]), [true, true]);
    assert.deepEqual(outputs, [0, 1, 2, 3].map((each) => tensor(each)));
    const rest = { image: 7, silenced: {}, changes: [], epoch: 2 };
    assert.deepEqual(questions, [[3, 1], [0], [2]].map((wanted) => ["ask/values", { ...rest, wanted }])); // 0 only once
  });

  test("tells what is switched off and changed, and asks nothing twice", async () => {
    const { questions, network } = asked();
    const image = [tensor(0.5)];
    const outputs = await network.run(image);
    assert.equal(await network.run(image), outputs);
    network.change({ position: 1, channel: 4, off: true });
    network.change({ position: 2, weight: "bias", index: 0, value: 9 });
    await network.run(image);
    network.change({ position: 1, channel: 4, off: false });
    network.replace();
    await network.run(image);
    const own = [textOf(Float32Array.of(0.5))];
    const none = { own, silenced: {}, changes: [], wanted: [3] };
    const changed = { ...none, silenced: { 1: [4] }, changes: [{ position: 2, weight: "bias", index: 0, value: 9 }] };
    assert.deepEqual(questions.map(([, question]) => question), [none, changed, none]); // prettier-ignore
  });

  test("asks about the image of the last run", async () => {
    const { questions, network } = asked();
    await network.run([{ ...tensor(1), number: 3 }]);
    await network.evidence({ position: 1, classes: [0], method: "grad_cam", trained: false });
    assert.deepEqual(questions.at(-1), [
      "ask/evidence",
      { image: 3, silenced: {}, changes: [], position: 1, classes: [0], method: "grad_cam", trained: false },
    ]);
  });

  test("asks again for what failed to come", async () => {
    let broken = true;
    const network = createPythonNetwork({
      model,
      post: async (_, { wanted }) => {
        if (wanted.includes(0) && broken) throw new Error("gone");
        return wanted.map((each) => tensor(each));
      },
    });
    const outputs = await network.run([tensor(1)]);
    await assert.rejects(network.fill(outputs, [0]), /gone/);
    broken = false;
    assert.equal(await network.fill(outputs, [0]), true);
  });
});

test("values are sent as base64 of float32, also many of them", () => {
  const values = Float32Array.from({ length: 10_000 }, (_, i) => i / 7);
  const back = Uint8Array.from(atob(textOf(values)), (one) => one.charCodeAt(0));
  assert.deepEqual(new Float32Array(back.buffer), values);
});

test("counts are short", () => {
  assert.deepEqual([980, 12300, 4_651_234, 407_000_000, 3.2e9].map(amount), ["980", "12,300", "4.65 million", "407 million", "3.2 billion"]);
});
