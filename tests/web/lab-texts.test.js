// What the lab writes and reads: addresses, kernels as text, numbers, programs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { LESSON, SLIDE } from "./lab-images.js";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { readAddress, writeAddress } = await load("lab/address.js");
const { drawingFrom, drawingName } = await load("lab/drawing.js");
const { pythonCode } = await load("lab/export-python.js");
const { kernelText, normalisingWeight, parseKernel, readRows, resized } = await load("lab/kernel-text.js");
const table = JSON.parse(readFileSync(new URL("../values/kernel_texts.json", import.meta.url), "utf-8"));
const { makeStep, presetOf, turned } = await load("lab/steps.js");
const { number, parseNumber, typed } = await load("shared/format.js");

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
    assert.throws(() => parseKernel("1 2 3"), /square kernels, but this one has 1×3/);
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

  test("a sum of nothing has no normalizing weight", () => {
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
