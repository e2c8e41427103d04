// Programs, and the client in front of them: the worker's protocol is driven in Chromium (tests/browser).
import assert from "node:assert/strict";
import { test } from "node:test";
import { STATIC } from "./support.js";

const { createEngine, Program, tensor } = await import(new URL("engine/index.js", STATIC));

const image = tensor(
  [4, 4, 1],
  Float32Array.from({ length: 16 }, (_, i) => i),
);
const doubled = { operation: "convolve_apart", kernel: tensor([1, 1, 1], Float32Array.of(2)), bias: null };
const pooled = { operation: "pool", mode: "max", size: 2 };

test("a program keeps every step's output", () => {
  const program = new Program();
  program.load(image);
  const [first, second] = program.run([doubled, pooled]);
  assert.deepEqual(
    [...first.data],
    [...image.data].map((x) => 2 * x),
  );
  assert.deepEqual([...second.data], [10, 14, 26, 30]);
});

test("a program computes again only what comes after a change", () => {
  const program = new Program();
  program.load(image);
  const before = program.run([doubled, pooled]);
  const after = program.run([doubled, { ...pooled, mode: "min" }]);
  assert.equal(after[0], before[0]);
  assert.deepEqual([...after[1].data], [0, 4, 16, 20]);
  assert.deepEqual(program.run([pooled])[0].data, Float32Array.of(5, 7, 13, 15));
});

test("a whole small model runs as a program", () => {
  const program = new Program();
  program.load(image);
  const ones = (...shape) => tensor(shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(1));
  const outputs = program.run([
    { operation: "convolve", kernel: ones(2, 2, 1, 2), bias: null, stride: 2 },
    { operation: "batch_normalize", mean: tensor([2]), variance: ones(2), gamma: null, beta: null, epsilon: 0 },
    { operation: "activate", name: "relu" },
    { operation: "sum_channels", bias: 1 },
    { operation: "bytes" },
    { operation: "flatten" },
    { operation: "dense", kernel: ones(4, 1), bias: tensor([1], Float32Array.of(0.5)) },
  ]);
  assert.deepEqual([...outputs[4].data], [21, 37, 85, 101]);
  assert.deepEqual([...outputs[6].data], [244.5]);
});

test("what a byte holds is clipped and rounded, halves to the even number", () => {
  const program = new Program();
  program.load(tensor([1, 8, 1], Float32Array.of(-3, -0.4, 0.5, 1.5, 2.5, 33.78, 254.5, 300)));
  assert.deepEqual([...program.run([{ operation: "bytes" }])[0].data], [0, 0, 0, 2, 2, 34, 254, 255]);
});

test("an unknown operation and a missing input are said", () => {
  const program = new Program();
  assert.throws(() => program.run([]), /load\(tensor\)/);
  program.load(image);
  assert.throws(() => program.run([{ operation: "guess" }]), /one of convolve.* but got guess/);
});

test("of requests that pile up only the newest is computed", async () => {
  const engine = createEngine(null);
  await engine.load(image);
  const runs = ["max", "average", "min"].map((mode) => engine.run([{ ...pooled, mode }]));
  const [first, overtaken, last] = await Promise.all(runs);
  assert.deepEqual([...first[0].data], [5, 7, 13, 15]);
  assert.equal(overtaken, null);
  assert.deepEqual([...last[0].data], [0, 2, 8, 10]);
});

test("an error reaches whoever asked, and the engine goes on", async () => {
  const engine = createEngine(null);
  await engine.load(image);
  await assert.rejects(engine.run([{ ...pooled, size: 9 }]), /9×9 .* 4×4/);
  assert.equal((await engine.run([pooled])).length, 1);
});

test("what a program has forgotten is computed again, and comes out the same", () => {
  const program = new Program();
  program.load(image);
  const before = program.run([doubled, pooled]).map(({ data }) => [...data]);
  assert.equal(program.keys().length, 2);
  program.forget(0);
  assert.deepEqual(program.keys(), []);
  assert.deepEqual(program.run([doubled, pooled]).map(({ data }) => [...data]), before);
  const [kept] = program.run([doubled, pooled]);
  program.forget(1);
  assert.equal(program.run([doubled, { ...pooled, mode: "min" }])[0], kept);
});
