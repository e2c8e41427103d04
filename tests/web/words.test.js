// The words that explain: the glossary, a sentence for every layer, and the keys and the address of presentation mode.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { consequence } = await load("explorer/before-activation.js");
const { GLOSSARY, pieces } = await load("explorer/glossary.js");
const { whatItDoes } = await load("explorer/layer-words.js");
const { openModel } = await load("explorer/opened.js");
const { asked } = await load("explorer/presentation.js");
const { readAddress, writeAddress } = await load("explorer/address.js");

const networks = JSON.parse(readFileSync(new URL("networks.json", import.meta.url), "utf-8"));
function opened(name) {
  const bytes = readFileSync(new URL(`${name}.safetensors`, import.meta.url));
  const shapes = networks[name].outputs.map(({ shape }) => shape);
  return openModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), shapes);
}

/** A graph of layers [type, config, the numbers of its inputs, output shape] on one image. */
function graph(imageShape, ...layers) {
  return {
    first: 1,
    shapes: [imageShape, ...layers.map(([, , , shape]) => shape)],
    layers: layers.map(([type, config, inputs]) => ({ type, config, inputs })),
  };
}

const conv = { filters: 64, kernel_size: [3, 3], strides: [1, 1], padding: "valid", dilation_rate: [1, 1], groups: 1, activation: "relu", use_bias: true }; // prettier-ignore
const pool = { pool_size: [2, 2], strides: [2, 2], padding: "valid" };
const terms = (text, met) => pieces(text, met).flatMap(({ entry }) => (entry ? [entry.term] : []));

describe("the glossary", () => {
  test("has the words of a first lesson, each explained in few words", () => {
    const wanted = ["map", "kernel", "filter", "bias", "ReLU", "stride", "padding", "pooling", "softmax", "receptive field",
      "parameter", "epoch", "loss", "Grad-CAM", "batch normalization", "dropout", "residual connection",
      "deletion", "insertion", "randomization check", "activation maximization"]; // prettier-ignore
    assert.deepEqual(GLOSSARY.map(({ term }) => term).sort(), wanted.sort());
    for (const { term, forms, text } of GLOSSARY) {
      assert.ok(forms.includes(term), term);
      assert.match(text, /^[A-Z].*\.$/, term);
      assert.ok(text.split(" ").length <= 45, `${term} takes ${text.split(" ").length} words`);
    }
  });

  test("marks a word where it first appears, in any form, and nowhere else", () => {
    const met = new Set();
    assert.deepEqual(terms("Slides 64 filters over the 64 maps; every filter gives one map.", met), ["filter", "map"]);
    assert.deepEqual(terms("A map, a filter, a Kernel.", met), ["kernel"]);
    assert.deepEqual(terms("kernel"), ["kernel"]); // another view
  });

  test("takes whole words only, and the longest", () => {
    assert.deepEqual(terms("max_pooling2d unmapped mapping bias-free losses"), []);
    assert.deepEqual(terms("its receptive field (Grad-CAM)"), ["receptive field", "Grad-CAM"]);
  });

  test("leaves the text as it is", () => {
    for (const text of ["", "map", "ReLU replaces x", "a kernel, and a bias; a stride"])
      assert.equal(pieces(text).map((each) => each.text).join(""), text); // prettier-ignore
  });
});

describe("what a layer does", () => {
  const lesson = graph(
    [28, 28, 1],
    ["Rescaling", { scale: 1 / 255, offset: 0 }, [0], [28, 28, 1]],
    ["Conv2D", conv, [1], [26, 26, 64]],
    ["MaxPooling2D", pool, [2], [13, 13, 64]],
    ["Conv2D", { ...conv, strides: [2, 2], padding: "same", use_bias: false }, [3], [7, 7, 64]],
    ["Flatten", {}, [4], [3136]],
    ["Dense", { units: 10, activation: "softmax" }, [5], [10]],
  );

  test("is said with the layer's own numbers", () => {
    assert.deepEqual(lesson.layers.map((_, position) => whatItDoes(lesson, position)), [
      "Divides every value by 255.",
      "Slides 64 filters over the image, each with a 3×3 kernel and a bias; every filter gives one map, and ReLU replaces negative values with 0.",
      "Max pooling keeps the largest value of each 2×2 window; each of the 64 maps shrinks from 26×26 to 13×13.",
      "Slides 64 filters over the 64 maps with stride 2 and same padding, each with a 3×3 kernel per map; every filter gives one map, and ReLU replaces negative values with 0.",
      "Writes all values in one row of 3,136; nothing is computed.",
      "Computes 10 weighted sums of all 3,136 inputs, each with a bias; softmax turns them into probabilities, which sum to 1.",
    ]); // prettier-ignore
  });

  test("names a residual connection where a layer's input is added to what came of it", () => {
    const add = (inputs) => ["Add", {}, inputs, [8, 8, 64]];
    const around = graph([8, 8, 64], ["Conv2D", conv, [0], [8, 8, 64]], ["ReLU", { negative_slope: 0 }, [1], [8, 8, 64]], add([2, 0]));
    assert.equal(whatItDoes(around, 2), "Adds two inputs, position by position: a residual connection.");
    const beside = graph([8, 8, 64], ["Conv2D", conv, [0], [8, 8, 64]], ["Conv2D", conv, [0], [8, 8, 64]], add([1, 2]));
    assert.equal(whatItDoes(beside, 2), "Adds two inputs, position by position.");
  });

  test("is known for the layers of a file", () => {
    for (const name of ["grey", "colour"]) {
      const model = opened(name);
      model.layers.forEach(({ type }, position) => assert.match(whatItDoes(model, position), /^[A-Z][^]*\.$/, type));
    }
  });

  test("is known for every type that the page can run", () => {
    const names = (file) => readFileSync(new URL(file, STATIC), "utf-8").match(/^const (?:STEPS|SENTENCES) = \{$[^]*?^\};$/m)[0].match(/^ {2}\w+(?=:)/gm).sort(); // prettier-ignore
    assert.deepEqual(names("explorer/layer-words.js"), names("engine/layer-steps.js"));
  });

  test("is an error for a type that it does not know", () => {
    assert.throws(() => whatItDoes(graph([8, 8, 1], ["Unheard", {}, [0], [8, 8, 1]]), 0), /no sentence for layers of type Unheard/);
  });
});

describe("what an activation did", () => {
  const told = (before, apply, name) => consequence(before, before.map(apply), name);
  const relu = (x) => Math.max(0, x);

  test("is counted", () => {
    assert.equal(told([-1, 0, 2, 3], relu, "ReLU"), "2 of its 4 values are 0 after ReLU; the others stay as they are.");
    assert.equal(told([-1, 2], relu, "ReLU"), "1 of its 2 values is 0 after ReLU; the others stay as they are.");
    assert.equal(told([-1, -2], relu, "ReLU"), "All of its 2 values are 0 after ReLU.");
    assert.equal(told([1, 2], relu, "ReLU"), "None of its values is negative: ReLU changes nothing here.");
  });

  test("says no more than what is so of other curves", () => {
    assert.equal(told([-1, 2], Math.tanh, "tanh"), "1 of its 2 values is negative before tanh.");
    assert.equal(told([-1, 9], (x) => Math.min(6, relu(x)), "ReLU6"), "1 of its 2 values is negative before ReLU6.");
  });
});

describe("presentation mode", () => {
  const press = (key, more = {}) => ({ key, target: { matches: () => false }, ...more });

  test("P enters and leaves it, Esc leaves it", () => {
    assert.equal(asked(press("p"), false), true);
    assert.equal(asked(press("P"), true), false);
    assert.equal(asked(press("Escape"), true), false);
    assert.equal(asked(press("Escape"), false), null);
    assert.equal(asked(press("q"), false), null);
  });

  test("nothing happens while a person types, prints, or closes something else", () => {
    for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { repeat: true }, { defaultPrevented: true }, { target: { matches: () => true } }])
      for (const key of ["p", "Escape"]) assert.equal(asked(press(key, more), true), null); // prettier-ignore
  });

  test("is in the address, and only there where it is on", () => {
    const state = { view: "overview", source: "test", image: 3, unit: null, cell: null, off: new Map(), edits: new Map(), folded: [] };
    assert.equal(writeAddress(state), "image=3");
    const text = writeAddress({ ...state, presenting: true });
    assert.equal(text, "image=3&present=1");
    assert.equal(readAddress(text).presenting, true);
    assert.deepEqual(readAddress("present=maybe").unread, ["present"]);
  });
});
