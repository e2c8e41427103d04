// The overview: which layers have columns, where these lie, and how much each map gives to the next.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { columnsIn, fitting, titleOf } = await load("explorer/overview/columns.js");
const { layoutOf, mapAt } = await load("explorer/overview/layout.js");
const { contributionsTo } = await load("explorer/overview/contributions.js");
const { told } = await load("explorer/overview/flows.js");
const { tensor } = await load("engine/index.js");

/** A model as opened.js gives it, made layer by layer. */
function building(...inputShapes) {
  const layers = [];
  const shapes = [...inputShapes];
  const first = inputShapes.length;
  const counts = {};
  const add = (type, from, shape, { name, steps = [{ operation: "convolve" }] } = {}) => {
    const number = (counts[type] = (counts[type] ?? -1) + 1);
    layers.push({ type, name: name ?? `${type.toLowerCase()}_${number}`, inputs: [from].flat(), config: { kernel_size: [3, 3], pool_size: [2, 2] }, steps });
    shapes.push(shape);
    return shapes.length - 1;
  };
  const model = () => ({
    inputShapes,
    inputNames: inputShapes.map((_, i) => `in${i}`),
    layers,
    shapes,
    first,
    main: layers.length - 1,
    needed: layers.map((_, i) => i),
    nameOf: (position) => (position < 0 ? `in${position + first}` : layers[position].name),
  });
  const quiet = { steps: [] };
  return { add, model, quiet };
}

function lesson() {
  const { add, model } = building([28, 28, 1]);
  let x = add("Conv2D", 0, [26, 26, 64]);
  x = add("MaxPooling2D", x, [13, 13, 64]);
  x = add("Conv2D", x, [11, 11, 64]);
  x = add("MaxPooling2D", x, [5, 5, 64]);
  x = add("Flatten", x, [1600]);
  add("Dense", add("Dense", x, [128]), [10]);
  return model();
}

function residual() {
  const { add, model } = building([32, 32, 3]);
  const unit = (from, shape) => add("BatchNormalization", add("Conv2D", from, shape), shape);
  let x = add("ReLU", unit(0, [32, 32, 16]), [32, 32, 16]);
  for (const [stage, channels] of [16, 32, 64].entries())
    for (let block = 0; block < 3; block++) {
      const shape = [32 >> stage, 32 >> stage, channels];
      const y = unit(add("ReLU", unit(x, shape), shape), shape);
      x = add("ReLU", add("Add", [y, stage && !block ? unit(x, shape) : x], shape), shape);
    }
  add("Dense", add("GlobalAveragePooling2D", x, [64]), [10]);
  return model();
}

function photographic() {
  const { add, model } = building([224, 224, 3]);
  let x = add("Conv2D", add("Rescaling", 0, [224, 224, 3]), [112, 112, 32], { name: "stem_conv" });
  x = add("ReLU", add("BatchNormalization", x, [112, 112, 32], { name: "stem_bn" }), [112, 112, 32], { name: "stem_activation" });
  for (const [stage, [channels, count]] of [[16, 1], [24, 2], [40, 2], [80, 3], [112, 3], [192, 4], [320, 1]].entries())
    for (const letter of "abcd".slice(0, count)) {
      const shape = [112 >> stage, 112 >> stage, channels];
      let y = x;
      for (const part of ["expand_conv", "dwconv", "project_conv"]) {
        y = add(part === "dwconv" ? "DepthwiseConv2D" : "Conv2D", y, shape, { name: `block${stage + 1}${letter}_${part}` });
        y = add("BatchNormalization", y, shape, { name: `block${stage + 1}${letter}_${part}_bn` });
      }
      x = letter === "a" ? y : add("Add", [y, x], shape, { name: `block${stage + 1}${letter}_add` });
    }
  x = add("GlobalAveragePooling2D", add("Conv2D", x, [7, 7, 1280], { name: "top_conv" }), [1280], { name: "avg_pool" });
  add("Dense", x, [4], { name: "predictions" });
  return model();
}

function inception() {
  const { add, model } = building([16, 16, 1], [16, 16, 1]);
  const shape = [16, 16, 8];
  const x = add("Concatenate", [add("Conv2D", 0, shape), add("Conv2D", 1, shape)], [16, 16, 16]);
  const branches = [add("Conv2D", x, shape), add("Conv2D", add("Conv2D", x, shape), shape), add("Conv2D", add("MaxPooling2D", x, [16, 16, 16]), shape)];
  const y = add("Concatenate", branches, [16, 16, 24]);
  add("Dense", add("Flatten", y, [16 * 16 * 24]), [3]);
  return model();
}

const apart = ([x, y, w, h], [a, b, c, d]) => x + w <= a || a + c <= x || y + h <= b || b + d <= y;
const boxesOf = ({ columns }) => columns.flatMap(({ boxes, picture }) => (picture && picture !== boxes[0] ? [...boxes, picture] : boxes));

/** What every layout keeps: boxes lie on the stage and apart from each other; columns go forwards along links. */
function assertSound(layout) {
  const boxes = boxesOf(layout);
  for (const [x, y, w, h] of boxes) assert.ok(x >= 0 && y >= 0 && x + w <= layout.width && y + h <= layout.height, `${[x, y, w, h]} on ${layout.width}×${layout.height}`);
  boxes.forEach((box, i) => boxes.slice(i + 1).forEach((other) => assert.ok(apart(box, other), `${box} over ${other}`)));
  const axis = layout.down ? 1 : 0;
  for (const [from, to] of layout.links) assert.ok(from.boxes[0][axis] < to.boxes[0][axis]);
}

describe("columns", () => {
  test("of a chain are its layers; Flatten is a bar, and the last one is the answer's", () => {
    const model = lesson();
    const columns = columnsIn(model);
    assert.deepEqual(columns.map((each) => titleOf(each, model).title), ["Image", "Convolution", "Max pooling", "Convolution", "Max pooling", "Dense", "Dense"]);
    assert.deepEqual([columns[4].shows, columns[4].flat, columns[4].feeds, columns[6].main], [4, 5, 5, true]);
  });

  test("take activations, normalization and dropout to the layer before", () => {
    const { add, model, quiet } = building([8, 8, 1]);
    const x = add("Dropout", add("ReLU", add("BatchNormalization", add("Conv2D", 0, [8, 8, 4]), [8, 8, 4]), [8, 8, 4]), [8, 8, 4], quiet);
    add("Softmax", add("Dense", add("Flatten", x, [256]), [3]), [3]);
    const columns = columnsIn(model());
    assert.deepEqual(columns.map(({ lead, shows, feeds }) => [lead, shows, feeds]), [[0, 0, 0], [1, 4, 5], [6, 7, 7]]);
  });

  test("keep apart what others read too", () => {
    const { add, model } = building([8, 8, 1]);
    const x = add("Conv2D", 0, [8, 8, 4]);
    add("Add", [add("ReLU", x, [8, 8, 4]), x], [8, 8, 4]);
    assert.deepEqual(columnsIn(model()).map(({ lead }) => lead), [0, 1, 2, 3]);
  });

  test("leave out what the answer is not computed from", () => {
    const built = building([8, 8, 1]);
    const x = built.add("Conv2D", 0, [8, 8, 4]);
    built.add("Dense", x, [2]);
    built.add("Dense", x, [3]);
    assert.deepEqual(columnsIn({ ...built.model(), needed: [0, 2] }).map(({ lead }) => lead), [0, 1, 3]);
  });

  test("fold by names or by shortcuts where there is no room for all", () => {
    const wide = fitting(residual(), 100);
    assert.equal(wide.filter(({ block }) => block).length, 0);
    const narrow = fitting(residual(), 20);
    assert.deepEqual(narrow.map(({ block, skips }) => [block, skips]).slice(1, 4), [[null, false], ["Block 0", true], ["Block 1", true]]);
    assert.equal(narrow.length, 13); // image, convolution, 9 blocks, mean, answer
    assert.deepEqual(fitting(inception(), 5).filter(({ block }) => block).map(({ skips }) => skips), [false]); // no shortcut: branches
    const photos = fitting(photographic(), 22);
    assert.deepEqual(photos.filter(({ block }) => block).map(({ block }) => block).slice(0, 3), ["block1a", "block2a", "block2b"]);
    assert.equal(photos.filter(({ skips }) => skips).length, 9);
    const few = fitting(photographic(), 20, 12).filter(({ block }) => block);
    assert.deepEqual(few.map(({ block }) => block), ["block1a", "block2a–2b", "block3a–3b", "block4a–4c", "block5a–5c", "block6a–6d", "block7a"]);
  });
});

describe("the layout", () => {
  const sizes = [{ width: 860, height: 660 }, { width: 1350, height: 960 }, { width: 520, height: 640 }, { width: 340, height: 0, down: true }]; // prettier-ignore

  for (const [name, make] of Object.entries({ lesson, residual, photographic, inception }))
    test(`of ${name} is sound on every screen`, () => {
      for (const size of sizes) assertSound(layoutOf(make(), size));
    });

  test("of the lesson's network has all columns on 1366 pixels, some maps of each, and room for links", () => {
    const layout = layoutOf(lesson(), { width: 860, height: 660 });
    assert.deepEqual([layout.width, layout.height, layout.columns.length], [860, 660, 6]);
    assert.deepEqual(layout.columns.map(({ all }) => all), [1, 64, 64, 64, 64, 128]);
    for (const { boxes } of layout.columns.slice(1)) assert.ok(boxes.length >= 7 && boxes[0][2] >= 44);
    assert.ok(layout.columns[4].bar);
  });

  test("of many layers fits on 1366 pixels, with an arc for each shortcut", () => {
    for (const [make, arcs] of [[residual, 9], [photographic, 9]]) {
      const layout = layoutOf(make(), { width: 860, height: 660 });
      assert.deepEqual([layout.width, layout.arcs.length], [860, arcs]);
      for (const { points } of layout.arcs) assert.ok(points.every(([x, y]) => x >= 0 && y >= 0 && x <= 860));
    }
  });

  test("has branches and inputs beside each other", () => {
    const { columns } = layoutOf(inception(), { width: 860, height: 660 });
    assert.equal(columns.filter(({ picture }) => picture).length, 2);
    const [, , , , , one, two, other] = columns.map(({ box }) => box);
    assert.ok(new Set([one, two, other].map(([, y]) => y)).size > 1);
  });

  test("knows the map at a point", () => {
    const layout = layoutOf(lesson(), { width: 860, height: 660 });
    const [x, y, w, h] = layout.columns[2].boxes[3];
    const { column, index, u, v } = mapAt(layout, x + w / 4, y + h / 2);
    assert.deepEqual([column, index, u, v], [layout.columns[2], 3, 0.25, 0.5]);
    assert.equal(mapAt(layout, x - 5, y), null);
  });
});

describe("contributions", () => {
  const of = (step, inputs, shape, channel, counts) => contributionsTo({ steps: [step] }, inputs, shape, channel, counts).map((each) => [...each]);
  const kernel = (shape, data) => tensor(shape, Float32Array.from(data));

  test("to a convolution are the mean sizes of the sums of products over each map", () => {
    // Two maps of 1×3, a window of 1×2: sums (1·2 + 2·(−1), 2·2 + 3·(−1)) = (0, 1), and (4·1 + 5·1, 5 + 6) = (9, 11)
    const input = kernel([1, 3, 2], [1, 4, 2, 5, 3, 6]);
    const step = { operation: "convolve", kernel: kernel([1, 2, 2, 1], [2, 1, -1, 1]), bias: null, stride: [1, 1], padding: "valid", dilation: [1, 1], groups: 1 };
    assert.deepEqual(of(step, [input], [1, 2, 1], 0), [[0.5, 10]]);
    assert.deepEqual(of({ ...step, padding: "same" }, [input], [1, 3, 1], 0), [[(0 + 1 + 6) / 3, (9 + 11 + 6) / 3]]);
  });

  test("to a convolution in groups come from its own group", () => {
    const input = kernel([1, 1, 4], [1, 2, 3, 4]);
    const step = { operation: "convolve", kernel: kernel([1, 1, 2, 4], [1, 1, 1, 10, 1, 1, 1, -1]), bias: null, stride: [1, 1], padding: "valid", dilation: [1, 1], groups: 2 };
    assert.deepEqual(of(step, [input], [1, 1, 4], 3), [[0, 0, 30, 4]]);
  });

  test("to a neuron are summed over each map that was flattened", () => {
    const step = { operation: "dense", kernel: kernel([4, 1], [1, 2, -3, 4]), bias: null };
    assert.deepEqual(of(step, [kernel([4], [1, 1, 1, -1])], [1], 0), [[1, 2, 3, 4]]);
    assert.deepEqual(of(step, [kernel([4], [1, 1, 1, -1])], [1], 0, [2]), [[2, 2]]);
  });

  test("to a sum are what each map adds; to maps side by side the one that it is", () => {
    const [one, other] = [kernel([1, 2, 2], [1, 5, -3, 5]), kernel([1, 2, 2], [6, 0, 6, 0])];
    assert.deepEqual(of({ operation: "combine", mode: "add" }, [one, other], [1, 2, 2], 0), [[2, 0], [6, 0]]); // prettier-ignore
    assert.deepEqual(of({ operation: "combine", mode: "maximum" }, [one, other], [1, 2, 2], 1), [[0, 1], [0, 0]]); // prettier-ignore
    assert.deepEqual(of({ operation: "concatenate", axis: -1 }, [one, other], [1, 2, 4], 2), [[0, 0], [6, 0]]); // prettier-ignore
  });

  test("of what mixes values otherwise are not told", () => {
    assert.equal(contributionsTo({ steps: [{ operation: "permute" }] }, [kernel([1, 2, 2], [1, 2, 3, 4])], [1, 2, 2], 0), null);
  });

  test("are told in shares that add up to 100 % as they are displayed", () => {
    const parts = [0.3337, 0.2223, 0.1112, 0.1111, 0.1109, 0.1108].map((share, channel) => ({ share, channel }));
    const { most, rest, left } = told({ parts });
    assert.deepEqual([most.map(({ share }) => share), rest, left], [[334, 222, 111, 111], 2, 222]);
  });
});
