// What the exercises know besides their answers: mistakes, addresses, codes, shapes. Answers: test_exercises.py.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(`exercises/${name}`, STATIC));
const { readAddress, writeAddress } = await load("address.js");
const { createChance, hash } = await load("chance.js");
const { judgeCell, judgeGrid, judgeNumber } = await load("judging.js");
const { cluesOf } = await load("kinds/kernel.js");
const { listOf } = await load("list.js");
const { shapesOf } = await load("layers.js");

describe("judging", () => {
  const judge = (answer, more = {}) => judgeNumber(answer, { value: 26, ...more });

  test("a mistake that gives the right value is none, and the first that fits is said", () => {
    const mistakes = [[26, "never"], [28, "first"], [28, "second"]]; // prettier-ignore
    assert.deepEqual(judge(26, { mistakes }), { right: true, says: "" });
    assert.equal(judge(28, { mistakes }).says, "first");
  });

  test("a sign, one too many and a direction are recognized without being listed", () => {
    assert.match(judge(-26).says, /sign/);
    assert.match(judge(25).says, /off by one/);
    assert.match(judge(40).says, /too large/);
    assert.match(judge(2).says, /too small/);
  });

  test("a tolerance holds at both ends, and not beyond", () => {
    const about = (answer) => judgeNumber(answer, { value: 10.5, tolerance: 0.05 }).right;
    assert.deepEqual([10.45, 10.55, 10.44, 10.56].map(about), [true, true, false, false]);
  });

  test("cells and grids say where", () => {
    assert.equal(judgeCell([0, 1], { right: [1, 0], mistakes: [[[0, 1], "exchanged"]] }).says, "exchanged");
    const { right, wrong, says } = judgeGrid([[1, 2], [3, 5]], { value: [[1, 2], [3, 4]] }); // prettier-ignore
    assert.deepEqual([right, wrong, says], [false, [[1, 1]], "3 of 4 values are right."]);
  });
});

describe("chance", () => {
  test("the hash is FNV-1a: its authors' own test values", () => {
    assert.deepEqual(["", "a", "foobar"].map(hash), [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  test("every number of a range comes, none beyond, and shuffling loses nothing", () => {
    const chance = createChance("a", 1);
    const found = new Set(Array.from({ length: 300 }, () => chance.whole(-1, 2)));
    assert.deepEqual([...found].sort((a, b) => a - b), [-1, 0, 1, 2]);
    assert.deepEqual(chance.shuffled([1, 2, 3, 4]).sort(), [1, 2, 3, 4]);
  });
});

test("an address says which exercise and which numbers, and nothing that cannot be read", () => {
  for (const state of [{ name: "pixel", seed: 7 }, { name: "own-0", seed: null }]) assert.deepEqual(readAddress(`#${writeAddress(state)}`), state); // prettier-ignore
  for (const text of ["", "#", "#exercise=<b>&seed=-1", "#seed=1e9&exercise=", "#exercise=%&seed=0", "#=&&="])
    assert.deepEqual(readAddress(text), { name: null, seed: null });
});

test("shapes of layers are the lesson's, and the first that does not fit is named", () => {
  const conv = { type: "Conv2D", filters: 64, window: 3 };
  const pool = { type: "MaxPooling2D", window: 2 };
  const layers = [conv, pool, conv, pool, { type: "Flatten" }, { type: "Dense", units: 10 }];
  const wanted = [[26, 26, 64], [13, 13, 64], [11, 11, 64], [5, 5, 64], [1600], [10]]; // prettier-ignore
  assert.deepEqual(shapesOf(layers, [28, 28, 1]), { shapes: wanted, problem: null });
  assert.match(shapesOf(layers, [28, 28]).problem.says, /channel axis.*\(28, 28\)/s);
  assert.equal(shapesOf(layers, [8, 8, 1]).problem.layer, 3); // 6, 3, 1: no pooling of 2×2
});

test("what is said of a kernel is what it does", () => {
  const said = (rows) => cluesOf(rows).join(" ");
  assert.match(said([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), /become 0.*vertical edges/); // prettier-ignore
  assert.match(said([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]), /become 0.*horizontal edges/); // prettier-ignore
  assert.match(said([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]), /diagonal/); // prettier-ignore
  assert.doesNotMatch(said([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]), /edges|diagonal/); // prettier-ignore
  assert.match(said([[0, 0, 0], [0, 2, 0], [0, 0, 0]]), /2 times as bright/); // prettier-ignore
});

test("a teacher's exercises come first, with her own words and numbers", () => {
  const image = [[0, 64, 128], [48, 192, 144], [42, 226, 168]]; // prettier-ignore
  const own = {
    title: "Class 9b",
    exercises: [
      { kind: "number", title: "How wide?", text: ["?"], answer: 26, mistakes: [{ value: 28, says: "padding" }] },
      { kind: "choice", text: ["?"], options: ["a", "b"], right: 1, feedback: ["no"] },
      { kind: "pixel", image, kernel: [[-1, 0, -2], [0.5, 4.5, -1.5], [1.5, 2, -3]], at: [0, 0] },
      { kind: "size", seed: 7 },
    ],
  }; // prettier-ignore
  const list = listOf({ digits: [], kernels: [], photograph: [], own });
  assert.equal(list.topics[0].title, "Class 9b");
  assert.deepEqual(list.entries.slice(0, 4).map(({ name, drawn }) => [name, drawn]), [0, 1, 2, 3].map((i) => [`own-${i}`, false])); // prettier-ignore
  const [wide, letters, lesson, seeded] = list.entries.slice(0, 4).map((entry) => entry.make(1));
  assert.equal(wide.judge(28).says, "padding");
  assert.equal(letters.judge(0).says, "no");
  // −1·0 + 0·64 − 2·128 + ½·48 + 4½·192 − 1½·144 + 1½·42 + 2·226 − 3·168 = 427
  assert.ok(lesson.judge(427).right);
  assert.equal(seeded.text.join(), list.find("size").make(7).text.join());
});
