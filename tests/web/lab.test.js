// What the lab's pure modules compute: positions, arithmetic, what becomes of an image.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { image, LESSON, SLIDE } from "./lab-images.js";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { explain } = await load("lab/explain.js");
const { resized } = await load("lab/kernel-text.js");
const { fits, runChain } = await load("lab/pipeline.js");
const { makeStep, turned } = await load("lab/steps.js");
const { formula, geometryOf, positionOf, whySize } = await load("lab/walk.js");
const { createEngine } = await load("engine/client.js");

const ramp = (height, width, channels = 1) => ({
  shape: [height, width, channels],
  data: Float32Array.from({ length: height * width * channels }, (_, i) => i % 256),
});
const at = (step, shape, pointed) => positionOf(step, geometryOf(step, shape), pointed);

describe("the window's positions", () => {
  const filter = makeStep("convolve");

  test("without padding the first pixel with all eight neighbours is the second of the second row", () => {
    assert.equal(at(filter, [5, 5, 1], { of: "input", row: 0, column: 0 }).reason, "outside");
    assert.equal(at(filter, [5, 5, 1], { of: "input", row: 0, column: 1 }).reason, "outside");
    const first = at(filter, [5, 5, 1], { of: "input", row: 1, column: 1 });
    assert.deepEqual([first.row, first.column, first.top, first.left], [0, 0, 0, 0]);
  });

  test("an input pixel and its output pixel point at one another, padding and dilation included", () => {
    for (const settings of [
      { padding: "same" },
      { padding: 2, stride: 2 },
      { padding: "full" },
      { dilation: 2, padding: "same" },
    ]) {
      const step = makeStep("convolve", settings);
      const position = at(step, [9, 8, 1], { of: "output", row: 2, column: 1 });
      const middle = { of: "input", row: position.top + step.dilation, column: position.left + step.dilation };
      if (middle.column >= 0) assert.deepEqual(at(step, [9, 8, 1], middle), position, JSON.stringify(settings));
    }
  });

  test("a stride steps over pixels, and says so", () => {
    const step = makeStep("convolve", { stride: 2 });
    assert.equal(at(step, [7, 7, 1], { of: "input", row: 1, column: 2 }).reason, "skipped");
    assert.equal(at(step, [7, 7, 1], { of: "input", row: 3, column: 1 }).row, 1);
  });

  test("a pooling's window is the one that the pixel lies in; what is left over belongs to none", () => {
    const step = makeStep("pool");
    assert.deepEqual(at(step, [5, 5, 1], { of: "input", row: 3, column: 0 }).top, 2);
    assert.equal(at(step, [5, 5, 1], { of: "input", row: 4, column: 0 }).reason, "outside");
  });

  test("sizes follow the lessons: 3×3 loses two, 5×5 loses four, pooling halves and rounds down", () => {
    const out = (step, size) => geometryOf(step, [size, size, 1]).rows.out;
    assert.equal(out(makeStep("convolve"), 28), 26);
    assert.equal(out(makeStep("convolve", { kernels: [resized([[1]], 5)] }), 28), 24);
    assert.equal(out(makeStep("pool"), 28), 14);
    assert.equal(out(makeStep("pool"), 11), 5);
    assert.equal(out(makeStep("convolve", { padding: "same" }), 28), 28);
  });

  test("a size is told with its formula and its reason", () => {
    const strided = geometryOf(makeStep("convolve", { stride: 2, padding: 1 }), [28, 28, 1]);
    assert.equal(formula(strided.rows), "(28 + 2 − 3) ÷ 2, rounded down, + 1 = 14");
    assert.match(whySize(geometryOf(makeStep("convolve"), [28, 28, 1]), false), /loses 2 on each axis: 28 becomes 26/);
    assert.match(whySize(geometryOf(makeStep("pool"), [4, 4, 1]), true), /4 becomes 2/);
  });
});

describe("the arithmetic", () => {
  const explained = (input, step, pointed) => {
    const geometry = geometryOf(step, input.shape);
    return explain(input, step, geometry, positionOf(step, geometry, pointed));
  };

  test("the lesson's pixel: nine products, their sum 427, clipped to 255", () => {
    const step = makeStep("convolve", { kernels: [SLIDE], clip: true });
    const { channels, total, activated, clipped } = explained(LESSON, step, null);
    assert.deepEqual(
      channels[0].cells.flat().map(({ product }) => product),
      [-0, 0, -256, 24, 864, -216, 63, 452, -504],
    );
    assert.deepEqual([total, activated, clipped], [427, 427, 255]);
  });

  test("weight, bias and activation follow the sum", () => {
    const step = makeStep("convolve", { kernels: [SLIDE], weight: -0.1, bias: 2, activation: "relu" });
    const { total, weighted, activated } = explained(LESSON, step, null);
    assert.equal(total, 427);
    assert.ok(Math.abs(weighted - -40.7) < 1e-9);
    assert.equal(activated, 0);
  });

  test("a corner without padding misses five of nine neighbours, and has no sum", () => {
    const { missing, total, channels } = explained(LESSON, makeStep("convolve"), { of: "input", row: 0, column: 0 });
    assert.equal(missing, 5);
    assert.equal(total, null);
    assert.equal(channels[0].cells[0][0].state, "missing");
  });

  test("with padding the same corner has zeros there, or what the pad mode gives", () => {
    const corner = { of: "input", row: 0, column: 0 };
    const values = (padMode) =>
      explained(LESSON, makeStep("convolve", { padding: "same", padMode }), corner).channels[0].cells[0].map(
        ({ value }) => value,
      );
    assert.deepEqual(values("zeros"), [0, 0, 0]);
    assert.deepEqual(values("edge"), [0, 0, 64]);
    assert.deepEqual(values("reflect"), [192, 48, 192]);
  });

  test("three channels are summed, each with its own numbers", () => {
    const input = { shape: [1, 1, 3], data: Float32Array.of(10, 20, 30) };
    const step = makeStep("convolve", { kernels: [[[1]], [[2]], [[3]]], channels: "sum", bias: 5 });
    const { channels, total, clipped } = explained(input, step, null);
    assert.deepEqual(
      channels.map(({ sum }) => sum),
      [10, 40, 90],
    );
    assert.deepEqual([total, clipped], [140, 145]);
  });

  test("a pooling says which of the four won", () => {
    const wins = (mode) =>
      explained(
        image([
          [3, 9],
          [7, 1],
        ]),
        makeStep("pool", { mode }),
        null,
      ).channels[0];
    assert.deepEqual(
      wins("max")
        .cells.flat()
        .map((cell) => cell.wins),
      [false, true, false, false],
    );
    assert.equal(wins("min").clipped, 1);
    assert.equal(wins("average").clipped, 5);
  });

  test("what is explained is what the engine computed, everywhere", async () => {
    const input = ramp(9, 8, 3);
    const steps = [
      makeStep("convolve", {
        kernels: [SLIDE, turned(SLIDE), SLIDE],
        channels: "sum",
        padding: "same",
        padMode: "reflect",
        stride: 2,
        weight: 0.5,
        bias: -3,
        mode: "convolve",
      }),
      makeStep("convolve", {
        kernels: [resized(SLIDE, 2)],
        activation: "leaky_relu",
        dilation: 2,
        padding: "full",
        clip: true,
      }),
      makeStep("pool", { mode: "average", size: 3, stride: 2 }),
    ];
    const engine = createEngine(null);
    await engine.load(input);
    const { results } = await runChain(engine, input, steps);
    for (const { step, input: from, geometry, output } of results) {
      for (let row = 0; row < output.shape[0]; row++) {
        for (let column = 0; column < output.shape[1]; column++) {
          const { clipped } = explain(from, step, geometry, positionOf(step, geometry, { of: "output", row, column }));
          assert.ok(
            Math.abs(clipped - output.data[row * output.shape[1] + column]) < 0.01,
            `${step.type} ${row},${column}`,
          );
        }
      }
    }
  });

  test("a chain stops at the step that does not fit, and says which", () => {
    const { geometries, error } = fits([makeStep("pool"), makeStep("convolve")], [4, 4, 1]);
    assert.equal(geometries.length, 1);
    assert.match(error, /^Step 2: .*3×3 pixels and the image has only 2×2/);
  });
});
