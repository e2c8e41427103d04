// The guided tour: its steps in networks of every kind, its numbers against PyTorch's values, a teacher's tour read again,
// and where its card goes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asTensor, STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { Network, readModel } = await load("engine/index.js");
const { readAddress, writeAddress } = await load("explorer/address.js");
const { explainUnit } = await load("explorer/explain.js");
const { positionIn } = await load("explorer/positions.js");
const { reach } = await load("explorer/reach.js");
const { openModel } = await load("explorer/opened.js");
const { factsOf, filled, PLACEHOLDERS } = await load("explorer/tour/facts.js");
const { findLayer } = await load("explorer/tour/layers.js");
const { placed } = await load("explorer/tour/placing.js");
const { POINTS } = await load("explorer/tour/points.js");
const { readTour } = await load("explorer/tour/reading.js");
const { stepsFor } = await load("explorer/tour/steps.js");
const { isThere, needs, resolve } = await load("explorer/tour/targets.js");

const json = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf-8"));
const cases = { ...json("networks.json"), ...json("graphs.json"), autoencoder: json("autoencoder.json") };

/** A model with PyTorch's values of all layers: {model, explorer, run, values}. */
function opened(name) {
  const bytes = readFileSync(new URL(`${name}.safetensors`, import.meta.url));
  const model = openModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), cases[name].outputs.map(({ shape }) => shape));
  return around(model, (cases[name].inputs ?? [cases[name].image]).map(asTensor), cases[name].outputs.map(asTensor));
}

function around(model, inputs, outputs, label = null) {
  const shape = model.shapes[model.main + model.first];
  const names = shape.length === 1 ? Array.from({ length: Math.max(2, shape[0]) }, (_, i) => `class ${i}`) : [];
  const explorer = { names, outputs: names.length ? "classes" : "images", range: [0, 1] };
  return { model, explorer, run: { given: inputs, inputs, outputs, label }, values: [...inputs, ...outputs] };
}

/** A network of dense layers on images of 2×2 pixels: 4 → 3 with ReLU → 1 with sigmoid. */
function dense() {
  const kernel = (shape, ...data) => ({ kernel: { shape, data: Float32Array.from(data) }, bias: { shape: [shape[1]], data: new Float32Array(shape[1]) } });
  const layer = (type, name, config, weights, steps, input) => ({ type, name, config, weights, steps, inputs: [input], first: input, parameters: 0 });
  const hidden = kernel([4, 3], 1, -1, 2, 1, -1, 2, 1, -1, 2, 1, -1, 2);
  const last = kernel([3, 1], 1, 1, 0);
  const layers = [
    layer("Flatten", "flatten", {}, {}, [{ operation: "flatten" }], 0),
    layer("Dense", "hidden", { activation: "relu" }, hidden, [{ operation: "dense", ...hidden }, { operation: "activate", name: "relu" }], 1),
    layer("Dense", "last", { activation: "sigmoid" }, last, [{ operation: "dense", ...last }, { operation: "activate", name: "sigmoid" }], 2),
  ];
  const model = { first: 1, inputShape: [2, 2], inputShapes: [[2, 2]], layers, outputs: [3], main: 2, needed: [0, 1, 2], shapes: [[2, 2], [4], [3], [1]], nameOf: (position) => layers[position]?.name ?? "input" }; // prettier-ignore
  const image = { shape: [2, 2, 1], data: Float32Array.of(1, 1, 0, 0.5) };
  const network = new Network({ layers, inputShapes: [[2, 2]], outputs: [3] });
  return around(model, [image], network.run([{ shape: [2, 2], data: image.data }]), 0);
}

function told(name) {
  const { model, explorer, run, values } = name === "dense" ? dense() : opened(name);
  return stepsFor(model, explorer).map((step) => {
    const at = resolve(step.show, { model, values });
    return { ...step, at, said: filled(step.text, factsOf({ model, explorer, run, values, at })).replaceAll("\u00a0", " ") };
  });
}

describe("the tour that comes with the page", () => {
  const names = (name) => told(name).map((step) => step.name);

  test("goes through what a network has, in its order", () => {
    assert.deepEqual(names("grey"), ["image", "window", "products", "map", "relu", "pooling", "sums", "dense", "softmax", "prediction", "weights", "draw"]);
    assert.deepEqual(names("residual").slice(1, -4), ["window", "products", "map", "relu", "sums", "global-pooling", "dense", "shortcut", "pooling", "enlarging"]); // prettier-ignore
    assert.deepEqual(names("autoencoder").slice(4), ["relu", "pooling", "enlarging", "output", "weights", "yours"]);
    assert.deepEqual(names("dense"), ["image", "dense", "relu", "sigmoid", "prediction", "weights", "draw"]);
  });

  for (const name of [...Object.keys(cases), "dense"]) {
    test(`of the network “${name}” has short texts without gaps, and arithmetic that is right as it stands`, () => {
      for (const { title, said, point, seconds } of told(name)) {
        assert.ok(said.split(" ").length <= 36 && title.length < 40, said);
        assert.match(said, /^[A-Z“\w].*\.$/);
        assert.ok(!/[{}]|–|undefined|NaN/.test(said), said);
        assert.ok(Object.hasOwn(POINTS, point) && seconds >= 8);
        for (const [, a, b, c] of said.matchAll(/([\d,]+) × ([\d,]+) = ([\d,]+)/g)) assert.equal(Number(a) * Number(b), Number(c), said);
      }
    });
  }

  test("begins and ends in the overview, where the page has one", () => {
    const { model, explorer } = opened("grey");
    const steps = stepsFor(model, explorer, { overview: true });
    assert.deepEqual(steps.filter(({ show }) => show.view === "overview").map(({ name }) => name), ["image", "prediction", "weights", "draw"]);
    assert.equal(steps[0].point, "image");
  });

  test("takes about a minute and a half", () => {
    const seconds = told("grey").reduce((sum, step) => sum + step.seconds, 0);
    assert.ok(seconds >= 80 && seconds <= 105, String(seconds));
  });

  test("says the numbers of the image: PyTorch's", () => {
    const steps = Object.fromEntries(told("grey").map((step) => [step.name, step]));
    const { data } = cases.grey.outputs[2];
    const strongest = Math.max(...data.map(Math.abs));
    assert.equal(Math.abs(data[steps.products.at.unit]), strongest);
    assert.ok(steps.products.said.includes(` ${Number(strongest.toFixed(3))}, the number at row `), steps.products.said);
    assert.equal(steps.relu.at.unit, steps.products.at.unit); // the value that the tour follows
    assert.ok(steps.relu.said.includes(`: ${Number(strongest.toFixed(3))} stays ${Number(strongest.toFixed(3))}. In this map `), steps.relu.said);
    const zeros = data.filter((each, i) => i % 4 === 0 && each === 0).length; // map 0 of 4
    assert.ok(steps.relu.said.includes(`In this map ${zeros} of 100 values are 0 now`), steps.relu.said);
    const scores = cases.grey.outputs.at(-1).data;
    const best = scores.indexOf(Math.max(...scores));
    assert.ok(steps.prediction.said.includes(`“class ${best}”, with ${Number((100 * scores[best]).toFixed(1))} %`), steps.prediction.said);
    assert.ok(told("dense")[2].said.includes("Here −2.5 becomes 0."), told("dense")[2].said);
    assert.ok(told("dense")[3].said.includes("one score, 2.5."), told("dense")[3].said);
    assert.ok(told("dense")[3].said.includes("0.924 is the probability of “class 1”"), told("dense")[3].said); // 1 ÷ (1 + e^−2.5)
  });

  test("begins with drawing where there is no image, and says when a prediction is wrong", () => {
    const { model, explorer, run, values } = dense();
    assert.equal(stepsFor(model, explorer, { blank: true })[0].show.source, "draw");
    const facts = factsOf({ model, explorer, run, values, at: null });
    assert.deepEqual([facts.class, facts.label, facts.verdict], ["class 1", "class 0", "The label is “class 0”: the network is wrong here."]);
    const blank = factsOf({ model, explorer, run: { ...run, given: [{ blank: true }] }, values, at: null });
    assert.deepEqual([blank.class, blank.verdict], ["–", "There is no image yet."]);
  });
});

describe("the value that is followed", () => {
  test("is one filter's and one pixel's, as far as the network keeps them apart", () => {
    const steps = Object.fromEntries(told("grey").map((step) => [step.name, step]));
    const { model, values } = opened("grey");
    const [conv, pool, sums] = ["products", "pooling", "sums"].map((name) => positionIn(values[steps[name].at.position + 1].shape, steps[name].at.unit));
    for (const name of ["window", "map", "relu"]) assert.deepEqual(steps[name].at, steps.products.at, name);
    assert.equal(pool.channel, conv.channel);
    const isIn = ({ row, column }, { top, left, rows, columns }) => row >= top && row < top + rows && column >= left && column < left + columns;
    const arithmetic = (name) => explainUnit(model.layers[steps[name].at.position], [values[steps[name].at.position]], model.shapes[steps[name].at.position + 1], steps[name].at.unit);
    assert.ok(isIn(conv, arithmetic("pooling").window), JSON.stringify([conv, pool]));
    assert.ok(isIn(pool, arithmetic("sums").window), JSON.stringify([pool, sums]));
    assert.equal(steps.sums.at.part, conv.channel);
    assert.match(steps.sums.said, new RegExp(` Ours, map ${conv.channel}, is marked\\.$`));
  });

  test("stays within what depends on it in networks of every kind", () => {
    for (const name of Object.keys(cases)) {
      const { model, values } = opened(name);
      const begin = findLayer(model, "first convolution");
      if (begin === undefined) continue;
      const start = resolve({ layer: "first convolution", pixel: "followed" }, { model, values });
      const at = positionIn(model.shapes[begin + model.first], start.unit);
      for (const { show, at: found } of told(name)) {
        if (show.pixel !== "followed" || model.shapes[found.position + model.first].length < 3 || found.part === undefined) continue;
        const box = reach(model, model.shapes, found.position, found.unit)[begin + model.first];
        assert.ok(box === null || (at.row >= box.top && at.row < box.top + box.rows && at.column >= box.left && at.column < box.left + box.columns), `${name}: ${JSON.stringify([show, found, box, at])}`);
      }
    }
  });

  test("is the strongest of a layer where nothing leads to it, and needs the convolution's values", () => {
    const { model, values } = opened("grey");
    assert.deepEqual(needs({ layer: "second convolution", pixel: "followed" }, model), [4, 3, 2]);
    assert.deepEqual(resolve({ layer: "image", pixel: "followed" }, { model, values }), resolve({ layer: "image" }, { model, values }));
    const { model: plain, values: neurons } = dense();
    assert.deepEqual(resolve({ layer: "first dense layer", pixel: "followed" }, { model: plain, values: neurons }), { position: 1, unit: 2 });
  });
});

describe("what a step shows", () => {
  const { model, values } = opened("grey");

  test("is named in words, or by a layer's own name", () => {
    const found = ["image", "output", "first convolution", "second convolution", "last dense layer", "First Pooling", "layer_5"].map((words) => findLayer(model, words));
    assert.deepEqual(found, [-1, 8, 2, 4, 8, 3, 5]);
    for (const missing of ["third convolution", "first addition", "first toString", "conv", "", "constructor"]) assert.equal(findLayer(model, missing), undefined, missing);
  });

  test("is a map, a pixel, or what the layer has most of", () => {
    assert.deepEqual(resolve({ layer: "first convolution", map: 1, pixel: [2, 3] }, { model, values }), { position: 2, unit: (2 * 10 + 3) * 4 + 1 });
    assert.deepEqual(resolve({ layer: "first convolution", map: 99, pixel: [99, 99] }, { model, values }), { position: 2, unit: 399 }); // within the map
    assert.deepEqual(resolve({ layer: "none" }, { model, values }), { position: -1, unit: null });
    assert.equal(resolve({}, { model, values }), null);
    const { unit } = resolve({ layer: "first relu", map: 0, pixel: "negative" }, { model, values });
    assert.deepEqual([unit % 4, values[3].data[unit]], [0, 0]);
  });

  test("needs the layer's values and those below, and is left out where the network or the page lacks it", () => {
    assert.deepEqual(needs({ layer: "second convolution" }, model), [4, 3]);
    assert.deepEqual(needs({ layer: "image" }, model), []);
    const has = (image) => image === 7;
    const shows = [{ layer: "first addition" }, { image: 8 }, { view: "why" }, { image: 7 }, { layer: "none" }, { view: "mistakes" }, {}];
    assert.deepEqual(shows.map((show) => isThere(show, model, has, ["network", "mistakes"])), [false, false, false, true, true, true, true]);
  });
});

describe("a teacher's tour on the page", () => {
  test("keeps what it knows, in bounds, and gives every step a name of its own", () => {
    const steps = [
      { title: "First, <b>look</b>", text: "x".repeat(9999), show: { layer: 5, map: -1, pixel: ["a", 1], image: 1.5, view: "evil", source: "file" }, point: "constructor", seconds: 1e9 },
      { title: "First, <b>look</b>", text: "{layer}", show: { layer: "output", map: 3, pixel: [1, 2], image: 4, view: "why" }, point: "map", name: "Own Name" },
      { title: "3", text: "", show: [], seconds: "soon" },
      "no step",
      null,
    ];
    const { title, steps: read } = readTour({ title: "Edges", steps });
    assert.equal(title, "Edges");
    assert.deepEqual(read.map(({ name }) => name), ["first-b-look-b", "own-name", "3-3"]);
    assert.deepEqual([read[0].show, read[0].point, read[0].seconds, read[0].text.length], [{}, null, 300, 600]);
    assert.deepEqual(read[1].show, { view: "why", layer: "output", map: 3, pixel: [1, 2], image: 4 });
    assert.deepEqual([read[2].show, read[2].seconds, read[2].point], [{}, 8, null]);
  });

  test("is none where there is nothing of it", () => {
    for (const given of [null, undefined, 7, "tour", [], {}, { steps: [] }, { steps: {} }, { steps: [1] }]) assert.equal(readTour(given), null);
    assert.equal(readTour({ steps: Array(1000).fill({ title: "a", text: "b" }) }).steps.length, 60);
  });

  test("has a dash for what the network does not have there, and leaves other braces", () => {
    assert.equal(filled("{window} {x} {constructor} {Layer} {}", { window: "3 × 3" }), "3\u00a0×\u00a03 – – {Layer} {}");
  });

  test("has the words that Python checks", () => {
    const python = readFileSync(new URL("../../src/convoscope/web/tours.py", import.meta.url), "utf-8");
    const words = (name) => python.match(new RegExp(`^${name} = \\(([^]*?)^\\)`, "m"))[1].match(/"[^"]+"/g).map((each) => each.slice(1, -1)).sort(); // prettier-ignore
    assert.deepEqual(words("PLACEHOLDERS"), [...PLACEHOLDERS].sort());
    assert.deepEqual(words("POINTS"), Object.keys(POINTS).sort());
  });
});

describe("the tour in the address", () => {
  test("is the name of a step", () => {
    const state = { view: "network", source: "test", image: 3, unit: null, cell: null, off: new Map(), edits: new Map(), folded: [] };
    assert.match(writeAddress({ ...state, tour: "global-pooling" }), /(^|&)image=3&tour=global-pooling$/);
    assert.equal(readAddress("tour=global-pooling").tour, "global-pooling");
    assert.equal(readAddress("tour=1").tour, "1");
    assert.deepEqual(readAddress("tour=<b>").unread, ["tour"]);
  });
});

describe("the tour's card", () => {
  const [card, window] = [{ width: 300, height: 200 }, { width: 1366, height: 768 }];
  const covers = ({ left, top }, target) => left < target.right && left + card.width > target.left && top < target.bottom && top + card.height > target.top;

  test("stands in the window, and not over what it points at where there is room", () => {
    for (const left of [0, 300, 700, 1100])
      for (const top of [0, 250, 600])
        for (const [width, height] of [[40, 40], [260, 168], [600, 100]]) {
          const target = { left, top, right: Math.min(1366, left + width), bottom: top + height };
          const place = placed(card, target, window);
          assert.ok(!covers(place, target), JSON.stringify([target, place]));
          assert.ok(place.left >= 0 && place.top >= 0 && place.left + 300 <= 1366 && place.top + 200 <= 768);
        } // prettier-ignore
  });

  test("leaves free what else is spoken of, where it can", () => {
    const pad = { left: 20, top: 120, right: 220, bottom: 480 };
    const image = { left: 238, top: 300, right: 354, bottom: 487 };
    const answer = { left: 1092, top: 126, right: 1342, bottom: 726 };
    const place = placed(card, pad, window, [image, answer]);
    for (const each of [pad, image, answer]) assert.ok(!covers(place, each), JSON.stringify([place, each]));
  });

  test("stands in the middle of the lower edge where it points at nothing", () => {
    assert.deepEqual(placed(card, null, window), { left: 533, top: 550 });
  });
});
