// What the inspector plays: the order of the windows, what each shows of the maps below, and the lines of arithmetic.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { countOf, nextAt, numberOf, playable, positionAt, scene } = await load("explorer/play/sweep.js");
const { lineOf, lineSoFar } = await load("explorer/play/sweep-words.js");
const { scaleOf, termsOf } = await load("explorer/play/terms.js");
const { mapByMap } = await load("explorer/play/reveal.js");
const { explainUnit } = await load("explorer/explain.js");
const { indexIn } = await load("explorer/positions.js");
const { activateValue, Network, readModel } = await load("engine/index.js");

const tensor = (shape, make) => ({ shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => make(i)) });
const numbersIn = (text) => text.replaceAll("−", "-").match(/-?\d+(\.\d+)?(e-?\d+)?/g).map(Number);

/** A layer of one convolution with this kernel's size; its output is the engine's. */
function convolution(size, options, shape = [9, 8, 2]) {
  const kernel = tensor([...size, shape[2], 3], (i) => Math.sin(i + 1));
  const step = { operation: "convolve", kernel, bias: tensor([3], (i) => i / 4), groups: 1, stride: 1, padding: "valid", dilation: 1, ...options };
  return { layer: { steps: [step] }, input: tensor(shape, (i) => Math.cos(3 * i)) };
}

describe("the order of a sweep", () => {
  test("is row by row, and numbers and positions belong to each other", () => {
    const shape = [5, 7, 3];
    const positions = Array.from({ length: countOf(shape) }, (_, i) => positionAt(shape, i));
    assert.deepEqual(positions.slice(5, 9), [{ row: 0, column: 5 }, { row: 0, column: 6 }, { row: 1, column: 0 }, { row: 1, column: 1 }]);
    assert.deepEqual(positions.map((each) => numberOf(shape, each)), [...positions.keys()]);
  });

  test("begins slowly, gets faster, and takes no longer than a lesson has patience", () => {
    for (const [count, factor] of [[676, 1], [25, 1], [50_176, 1], [676, 4], [676, 0.5]]) {
      let [at, steps, time, waits] = [0, 0, 0, []];
      while (at < count - 1) {
        const { to, wait } = nextAt(at, steps, count, factor);
        assert.ok(to > at);
        waits.push(wait / (to - at));
        [steps, at, time] = [steps + to - at, to, time + wait];
      }
      assert.ok(waits.every((each, i) => i === 0 || each <= waits[i - 1] + 1e-9));
      assert.ok(waits[0] * factor >= 500);
      assert.ok(time * factor < 25_000, `${count} positions take ${time} ms`);
    }
  });
});

describe("the windows of a sweep", () => {
  for (const [name, size, options] of [
    ["plain", [3, 3], {}],
    ["same padding and stride 2", [3, 2], { stride: [2, 2], padding: "same" }],
    ["a wide kernel", [5, 3], { stride: [3, 1], padding: "same" }],
  ])
    test(`of a convolution, ${name}: each cell that counts lies in the frame, in the padded map`, () => {
      const { layer, input } = convolution(size, options);
      const { rows, columns } = boundsOf(layer.steps[0], input);
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const shape = [rows, columns, 3];
          const found = explainUnit(layer, [input], shape, indexIn(shape, { row, column, channel: 1 }));
          const [{ frame, points, around, channel }] = scene(found, { layer, inputs: [input], part: 1 });
          assert.deepEqual([points, channel, frame.rows, frame.columns], [[], 1, ...size]);
          const cells = found.parts[1].cells.flat();
          for (const cell of cells) {
            assert.ok(cell.row >= frame.row && cell.row < frame.row + frame.rows);
            assert.ok(cell.row >= -around.top && cell.row < input.shape[0] + around.bottom);
            assert.ok(cell.column >= -around.left && cell.column < input.shape[1] + around.right);
          }
        }
    });

  test("of a dilated convolution are its points", () => {
    const { layer, input } = convolution([3, 3], { dilation: 2 });
    const found = explainUnit(layer, [input], [5, 4, 3], 0);
    const [{ frame, points }] = scene(found, { layer, inputs: [input], part: 0 });
    assert.equal(frame, null);
    assert.deepEqual(points.map(({ row, column }) => [row, column]), [0, 2, 4].flatMap((row) => [0, 2, 4].map((column) => [row, column])));
  });

  test("of a max pooling have the winner in them, whose value is the output", () => {
    const input = tensor([6, 6, 2], (i) => Math.sin(5 * i));
    const layer = { steps: [{ operation: "pool", mode: "max", size: [2, 2], stride: [2, 2], padding: "valid" }] };
    for (let unit = 0; unit < 18; unit++) {
      const found = explainUnit(layer, [input], [3, 3, 2], unit);
      const [{ winner, frame, channel }] = scene(found, { layer, inputs: [input], part: null });
      assert.equal(input.data[indexIn(input.shape, { ...winner, channel })], found.value);
      assert.ok(winner.row >= frame.row && winner.row < frame.row + 2 && winner.column >= frame.column && winner.column < frame.column + 2);
    }
  });

  test("every layer of the test networks with maps is played, with a frame inside its padded input", () => {
    for (const name of ["grey", "colour", "grouped", "autoencoder", "residual"]) {
      const bytes = readFileSync(new URL(`${name}.safetensors`, import.meta.url));
      const model = readModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      const inputs = model.inputShapes.map((shape) => tensor(shape, (i) => Math.abs(Math.sin(i))));
      const outputs = new Network(model).run(inputs);
      const values = [...inputs, ...outputs];
      let played = 0;
      model.layers.forEach((layer, position) => {
        const below = layer.inputs.map((value) => values[value]);
        const { shape, data } = outputs[position];
        const unit = Math.floor(data.length / 2);
        const found = explainUnit(layer, below, shape, unit);
        if (playable(found, below, shape) !== "positions") return;
        played++;
        const part = found.parts?.[0].channel ?? null;
        for (const { which, frame, around } of scene(found, { layer, inputs: below, part })) {
          if (!frame) continue;
          assert.ok(frame.row >= -around.top && frame.row + frame.rows <= below[which].shape[0] + around.bottom, `${name}, ${layer.name}`);
        }
        assert.ok(lineOf(found, part).length > 3);
      });
      assert.ok(played > 0, name);
    }
  });
});

function boundsOf({ kernel, stride, padding }, { shape }) {
  const along = (i) => {
    const by = [stride].flat()[i] ?? [stride].flat()[0];
    return padding === "same" ? Math.ceil(shape[i] / by) : Math.floor((shape[i] - kernel.shape[i]) / by) + 1;
  };
  return { rows: along(0), columns: along(1) };
}

describe("a line of arithmetic", () => {
  test("names the two products that count most, how many there are, and the value", () => {
    const { layer, input } = convolution([3, 3], {});
    const line = lineOf(explainUnit(layer, [input], [7, 6, 3], 1), 0);
    assert.match(line, /^−?\d\S* × −?\d\S* \+ −?\d\S* × −?\d\S* \+ … \(18 products\) \+ bias = −?\d\S*$/);
  });

  test("of one product, and of a mean, gives what is displayed", () => {
    for (let i = 0; i < 300; i++) {
      const [value, weight] = [Math.sin(i) * 3, Math.cos(7 * i)];
      const cell = { value, weight, product: value * weight };
      const [a, b, c] = numbersIn(lineOf({ kind: "convolve", parts: [{ channel: 0, cells: [[cell]] }], bias: 0, value: value * weight }, 0));
      assert.ok(Math.abs(a * b - c) <= 0.0051 * Math.max(1, Math.abs(c)), `${a} × ${b} = ${c}`);
      const values = [0, 1, 2, 3].map((each) => Math.sin(i + each));
      const cells = [values.map((each) => ({ inside: true, value: each }))];
      const mean = values.reduce((x, y) => x + y) / 4;
      const said = numbersIn(lineOf({ kind: "pool", mode: "average", cells, value: mean }));
      assert.ok(Math.abs((said[0] + said[1] + said[2] + said[3]) / said[4] - said[5]) <= 0.00051);
    }
  });

  test("of an activation says what becomes of the value", () => {
    const apply = (x) => activateValue(x, "relu");
    assert.equal(lineOf({ kind: "activate", name: "relu", x: -0.35, apply, value: 0 }), "ReLU: −0.35 becomes 0");
  });
});

describe("a neuron's sum", () => {
  const terms = Array.from({ length: 40 }, (_, i) => ({ index: i, product: Math.sin(3 * i + 1) / (1 + (i % 7)) }));
  const sum = terms.reduce((a, { product }) => a + product, 0);
  const found = { kind: "dense", terms, sum, bias: -0.125, before: sum - 0.125, activation: "relu", apply: (x) => Math.max(0, x), value: Math.max(0, sum - 0.125) };
  const steps = termsOf(found, (index) => `neuron ${index}`);

  test("is that of the largest products, all others, and the bias", () => {
    assert.equal(steps.length, 12);
    assert.ok(Math.abs(steps.at(-1).after - found.before) < 1e-12);
    assert.deepEqual(steps.map(({ product }) => product), [...Array(10).fill(true), false, false]);
    const [low, high] = scaleOf(steps);
    assert.ok(steps.every(({ before, after }) => Math.min(before, after) >= low && Math.max(before, after) <= high));
  });

  test("adds up as displayed at every step, and each begins where the one before ended", () => {
    for (const { text } of steps.slice(1)) {
      const [, before, sign, amount, after] = /: (−?[\d.e−]+) ([+−]) ([\d.e−]+) = (−?[\d.e−]+)/.exec(text);
      const [a, b, c] = [before, amount, after].map((each) => numbersIn(each)[0]);
      const decimals = after.split(".")[1]?.length ?? 0;
      assert.equal((sign === "+" ? a + b : a - b).toFixed(decimals), c.toFixed(decimals), text);
    }
    assert.match(steps.at(-1).text, /ReLU\(/);
  });
});

test("a map that is pooled as a whole is run through pixel by pixel", () => {
  const input = tensor([3, 4, 2], (i) => i);
  const layer = { steps: [{ operation: "global_pool", mode: "average" }] };
  const found = explainUnit(layer, [input], [2], 1);
  assert.equal(playable(found, [input], [2]), "pixels");
  assert.deepEqual(scene(found, { layer, inputs: [input], part: null, at: 6 })[0].frame, { row: 1, column: 2, rows: 1, columns: 1 });
  const values = Array.from({ length: 12 }, (_, i) => input.data[2 * i + 1]);
  assert.equal(lineSoFar("average", values), `mean of the first 12 values: ${found.value}`);
  assert.equal(lineSoFar("max", values.slice(0, 3)), "max of the first 3 values: 5");
});

test("maps come one by one: each frame shows one more, the last one all", () => {
  const frames = mapByMap(2, 3);
  assert.equal(frames.length, 7);
  assert.match(frames[4].clipPath, /50% 50%|33.33%/);
  assert.equal(frames.at(-1).offset, 1);
  assert.ok(frames.at(-1).clipPath.startsWith("polygon(0% 0%, 100% 0%, 100% 100%"));
});
