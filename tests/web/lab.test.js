// What the page's pure modules know: positions, arithmetic, addresses, texts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { readAddress, writeAddress } = await load("lab/address.js");
const { drawingFrom, drawingName } = await load("lab/drawing.js");
const { explain } = await load("lab/explain.js");
const { pythonCode } = await load("lab/export-python.js");
const { kernelText, normalisingWeight, parseKernel, readRows, resized } = await load("lab/kernel-text.js");
const table = JSON.parse(readFileSync(new URL("../values/kernel_texts.json", import.meta.url), "utf-8"));
const { fits, runChain } = await load("lab/pipeline.js");
const { makeStep, presetOf, turned } = await load("lab/steps.js");
const { formula, geometryOf, positionOf, whySize } = await load("lab/walk.js");
const { createEngine } = await load("engine/client.js");
const { number, parseNumber, typed } = await load("shared/format.js");

const image = (rows) => ({ shape: [rows.length, rows[0].length, 1], data: Float32Array.from(rows.flat()) });
const LESSON = image([
  [0, 64, 128],
  [48, 192, 144],
  [42, 226, 168],
]);
const SLIDE = [
  [-1, 0, -2],
  [0.5, 4.5, -1.5],
  [1.5, 2, -3],
];
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

describe("addresses", () => {
  const state = {
    image: "own:my cat & dog.png",
    grey: true,
    selected: 1,
    position: { of: "output", row: 3, column: 4 },
    look: "signed",
    range: "shared",
    hide: ["chain"],
    lock: ["source", "kernel"],
    steps: [
      makeStep("convolve", {
        kernels: [SLIDE, SLIDE, turned(SLIDE)],
        weight: 0.25,
        bias: -1,
        stride: 2,
        padding: 3,
        padMode: "edge",
        dilation: 2,
        channels: "sum",
        mode: "convolve",
        activation: "relu",
        clip: true,
      }),
      makeStep("pool", { mode: "min", size: 3 }),
    ],
  };

  test("what is written is read", () => assert.deepEqual(readAddress(`#${writeAddress(state)}`), state));

  test("a plain state is short and readable", () => {
    const plain = {
      image: "four",
      grey: false,
      steps: [makeStep("pool")],
      selected: 0,
      position: null,
      look: "auto",
      range: "own",
      hide: [],
      lock: [],
    };
    assert.equal(writeAddress(plain), "image=four&step=pool");
  });

  test("what is wrong in an address is left out", () => {
    const found = readAddress(
      "#image=%E0%A4%A&step=convolve;kernel=a,b/c,d;stride=99;activation=__proto__;padding=same&step=rm&at=1&hide=everything,chain&show=x&look=odd&nonsense",
    );
    assert.deepEqual(found.steps, [makeStep("convolve", { padding: "same" })]);
    assert.deepEqual(found.hide, ["chain"]);
    assert.deepEqual([found.selected, found.look, found.position], [0, "auto", undefined]);
  });

  test("an address with too many steps keeps the first six", () => {
    assert.equal(readAddress("step=pool&".repeat(9)).steps.length, 6);
  });

  test("a drawing travels in an address", () => {
    const pixels = Float32Array.from({ length: 784 }, (_, i) => (i % 16) * 17);
    assert.deepEqual(drawingFrom(drawingName(pixels)).data, pixels);
    assert.equal(drawingFrom("draw:***"), null);
    assert.equal(drawingFrom("draw:QUJD"), null);
  });
});

describe("kernels as text", () => {
  test("the command line's writing is read and written", () => {
    assert.deepEqual(parseKernel("-1 0 1; -2 0 2; -1 0 1"), [
      [-1, 0, 1],
      [-2, 0, 2],
      [-1, 0, 1],
    ]);
    assert.deepEqual(parseKernel("[[1/2, 0], [0, .5]]"), [
      [0.5, 0],
      [0, 0.5],
    ]);
    assert.equal(
      kernelText([
        [-1, 0.5],
        [0, 1],
      ]),
      "-1 0.5; 0 1",
    );
  });

  test("words, uneven rows, oblongs and giants are refused in words", () => {
    assert.throws(() => parseKernel("1 two; 3 4"), /“two” in row 1 is not a number/);
    assert.throws(() => parseKernel("1 2; 3"), /row 1 has 2, but row 2 has 1/);
    assert.throws(() => parseKernel("1 2 3"), /square kernels, and this one has 1×3/);
    assert.throws(() => parseKernel(`${"1 ".repeat(8)};`.repeat(8)), /up to 7×7/);
    assert.throws(() => parseKernel("  "), /needs numbers/);
    assert.throws(() => parseKernel("1e31"), /up to 1e30, and 1e\+31 is larger/);
  });

  test("every text of the table that Python is tested with is read or refused alike", () => {
    for (const { case: name, text, rows } of table.read) assert.deepEqual(readRows(text), rows, name);
    for (const { case: name, text, words } of table.refused)
      assert.throws(() => readRows(text), (error) => error instanceof RangeError && error.message.includes(words), name); // prettier-ignore
  });

  test("what is written is read as the same numbers", () => {
    const rows = [[1 / 9, 1e9, -1e-9], [123456789.125, 0, -0.5], [1e300, 5e-324, 3]]; // prettier-ignore
    assert.deepEqual(readRows(kernelText(rows)), rows);
  });

  test("an address keeps large, small and long numbers, and has none that the page cannot compute with", () => {
    const kernels = [[[1e9, 1234567], [1e-9, Math.fround(1 / 9)]]]; // prettier-ignore
    const state = { image: "four", grey: false, steps: [makeStep("convolve", { kernels, bias: 16777217 })], selected: 0, position: null, look: "auto", range: "own", hide: [], lock: [], from: null }; // prettier-ignore
    const [read] = readAddress(writeAddress(state)).steps;
    assert.deepEqual(read.kernels.flat(2).map(Math.fround), kernels.flat(2).map(Math.fround));
    assert.equal(read.bias, 16777217);
    assert.equal(readAddress("step=convolve;weight=1e300").steps[0].weight, makeStep("convolve").weight);
  });

  test("another size keeps the middle", () => {
    assert.deepEqual(resized([[5]], 3), [
      [0, 0, 0],
      [0, 5, 0],
      [0, 0, 0],
    ]);
    assert.deepEqual(
      resized(
        [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ],
        1,
      ),
      [[5]],
    );
  });

  test("a sum of nothing has no normalising weight", () => {
    assert.equal(
      normalisingWeight([
        [1, 1],
        [1, 1],
      ]),
      0.25,
    );
    assert.equal(normalisingWeight([[-1, 1]]), null);
    assert.equal(normalisingWeight([[0]]), null);
  });

  test("a preset is known by its numbers and its weight", () => {
    const presets = [{ name: "blur", kernel: [[1]], weight: 1 / 9, bias: 0 }];
    assert.equal(presetOf(makeStep("convolve", { kernels: [[[1]]], weight: 0.111111 }), presets).name, "blur");
    assert.equal(presetOf(makeStep("convolve", { kernels: [[[1]]], weight: 1 }), presets), undefined);
  });
});

describe("numbers", () => {
  test("are written with a real minus, and without needless zeros", () => {
    assert.deepEqual([number(-1.5), number(2), number(-0.0001), number(1 / 3, 3)], ["−1.5", "2", "0", "0.333"]);
  });

  test("are never shown as 0 where they are typed, nor longer than need be", () => {
    const texts = [1e-9, -2.5e-7, 0, 0.0005, 1e9, -123456789, 1 / 3].map((value) => typed(value, 3));
    assert.deepEqual(texts, ["1e−9", "−2.5e−7", "0", "0.001", "1e9", "−1.23e8", "0.333"]);
    assert.deepEqual(texts.slice(0, 2).map(parseNumber), [1e-9, -2.5e-7]);
  });

  test("are read as people write them", () => {
    assert.deepEqual(
      [parseNumber("1,5"), parseNumber("−2"), parseNumber("1/9"), parseNumber(".5")],
      [1.5, -2, 1 / 9, 0.5],
    );
    for (const word of ["", "two", "1/0", "1 2", "0x10"]) assert.ok(Number.isNaN(parseNumber(word)), word);
  });
});

const python = (...steps) =>
  pythonCode({ image: "lesson", grey: false, steps }, LESSON, { file: "", samples: [] })
    .split("\n")
    .filter((line) => line.startsWith("result"));

test("the Python code names every setting that is not the default", () => {
  const steps = [
    makeStep("convolve", { kernels: [SLIDE], padding: "same", stride: 2, activation: "relu", clip: true }),
    makeStep("pool", { mode: "min", size: 3, stride: 1 }),
  ];
  assert.deepEqual(python(...steps), [
    'result = cs.filters.convolve(image, kernel, stride=2, padding="same", clip=False)',
    "result = np.maximum(result, 0)",
    "result = np.clip(np.rint(result), 0, 255).astype(np.uint8)",
    'result = cs.filters.pool(result, 3, stride=1, mode="min")',
  ]);
  const code = pythonCode({ image: "lesson", grey: false, steps }, LESSON, { file: "", samples: [] });
  assert.match(code, /image = np.array\(\[\n {4}\[0, 64, 128\],[^\]]*\],[^\]]*\],\n\], dtype=np.uint8\)/);
});

test("the Python code clips bytes as the library does, and averages without rounding", () => {
  const [clipped, plain, average] = [
    makeStep("convolve", { clip: true }),
    makeStep("convolve"),
    makeStep("pool", { mode: "average" }),
  ];
  assert.deepEqual(python(clipped, clipped, plain, clipped), [
    'result = cs.filters.convolve(image, kernel, padding="valid")',
    'result = cs.filters.convolve(result, kernel, padding="valid", channels="apart")',
    'result = cs.filters.convolve(result, kernel, padding="valid", clip=False, channels="apart")',
    'result = cs.filters.convolve(result, kernel, padding="valid", channels="apart")',
    "result = np.clip(np.rint(result), 0, 255).astype(np.uint8)",
  ]);
  assert.deepEqual(python(average, average), [
    'result = cs.filters.pool(image.astype(np.float32), 2, mode="average")',
    'result = cs.filters.pool(result, 2, mode="average")',
  ]);
});
