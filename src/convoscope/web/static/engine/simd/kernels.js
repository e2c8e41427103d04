// The two loops that a network of 1×1 and depthwise convolutions spends its time in, four channels at once. Addresses
// are in bytes. Where the browser has no such instructions, the same loops run in JavaScript.

import { assemble, define, op } from "./assembler.js";

/** Columns that a product makes at once: two vectors. */
export const WIDE = 8;
const TALL = 6; // rows: 12 sums, two vectors of the kernel, and one value of the input fit into 16 registers
const VECTOR = 16; // bytes

/** A vector is what a product of the two below it is added to, with one rounding where there is an instruction for it. */
const accumulate = (fused, sum, a, b) => (fused ? [a, b, sum, op.timesPlus] : [sum, a, b, op.times, op.plus]);

/**
 * rows × inner times inner × (8 × panels), plus a bias, kept between `low` and `high`. The second factor stands in panels
 * of eight columns; `stride`: bytes of a row of the output.
 */
function product(name, tall, fused) {
  const rows = [...Array(tall).keys()];
  const vectors = rows.flatMap((row) => [`sum${row}a`, `sum${row}b`]);
  const locals = Object.fromEntries([
    ...["panel", "k", "ka", "kb", "out", "left", "last", "biases"].map((each) => [each, "i32"]),
    ...rows.slice(1).map((row) => [`out${row}`, "i32"]),
    ...rows.slice(1).map((row) => [`ka${row}`, "i32"]),
    ...[...vectors, "one", "first", "second", "lowest", "highest"].map((each) => [each, "v128"]),
  ]);
  const parameters = Object.fromEntries(
    [...["input", "kernel", "bias", "output", "rows", "inner", "panels", "stride"].map((each) => [each, "i32"]), ["low", "f32"], ["high", "f32"]], // prettier-ignore
  );
  return define(name, parameters, locals, ({ get, set, advance, loop, during }) => {
    const source = (row) => (row ? `ka${row}` : "ka");
    const target = (row) => (row ? `out${row}` : "out");
    const kept = (vector) => [get(vector), get("lowest"), op.larger, get("highest"), op.smaller];
    const widen = [get("inner"), op.i32(2), op.shl]; // bytes of a row of the input
    const oneColumn = [
      get("kb"), op.load(0), set("first"),
      get("kb"), op.load(VECTOR), set("second"),
      rows.map((row) => [
        get(source(row)), op.splat(0), set("one"),
        accumulate(fused, get(`sum${row}a`), get("one"), get("first")), set(`sum${row}a`),
        accumulate(fused, get(`sum${row}b`), get("one"), get("second")), set(`sum${row}b`),
        advance(source(row), op.i32(4)),
      ]),
      advance("kb", op.i32(2 * VECTOR)),
    ]; // prettier-ignore
    const onePanel = [
      rows.map((row) => [
        get("biases"), op.load(0), set(`sum${row}a`),
        get("biases"), op.load(VECTOR), set(`sum${row}b`),
        row ? [get(source(row - 1)), widen, op.add] : get("input"), set(source(row)),
      ]),
      get("ka"), widen, op.add, set("last"),
      loop(oneColumn, [get("ka"), get("last"), op.lessThan]),
      rows.map((row) => [
        get(target(row)), kept(`sum${row}a`), op.store(0),
        get(target(row)), kept(`sum${row}b`), op.store(VECTOR),
        advance(target(row), op.i32(2 * VECTOR)),
      ]),
      advance("biases", op.i32(2 * VECTOR)),
      advance("panel", op.i32(1)),
    ]; // prettier-ignore
    return [
      get("low"), op.fromFloat, set("lowest"),
      get("high"), op.fromFloat, set("highest"),
      get("rows"), set("left"),
      during([op.i32(tall - 1), get("left"), op.lessThan], [
        op.i32(0), set("panel"),
        get("kernel"), set("kb"),
        get("bias"), set("biases"),
        rows.map((row) => [row ? [get(target(row - 1)), get("stride"), op.add] : get("output"), set(target(row))]),
        loop(onePanel, [get("panel"), get("panels"), op.lessThan]),
        advance("input", [widen, op.i32(tall), op.mul]),
        advance("output", [get("stride"), op.i32(tall), op.mul]),
        advance("left", op.i32(-tall)),
      ]),
    ]; // prettier-ignore
  });
}

/**
 * Each channel with a kernel of its own, over one row of the output: `count` positions, `step` bytes apart in the padded
 * input, whose rows have `line` bytes. The kernel stands as size×size vectors for each four channels; `groups` of four.
 */
function depthwise(size, fused) {
  const sides = [...Array(size).keys()];
  const locals = Object.fromEntries([
    ...["x", "group", "kernels", "biases", "pixel"].map((each) => [each, "i32"]),
    ...sides.map((y) => [`row${y}`, "i32"]),
    ...["sum", "lowest", "highest"].map((each) => [each, "v128"]),
  ]);
  const parameters = Object.fromEntries(
    [...["input", "kernel", "bias", "output", "count", "groups", "step", "line"].map((each) => [each, "i32"]), ["low", "f32"], ["high", "f32"]], // prettier-ignore
  );
  return define(`depthwise${size}`, parameters, locals, ({ get, set, advance, loop }) => {
    const tap = (y, x) => [
      // the address of a neighbour: as many pixels to the right
      accumulate(
        fused,
        get("sum"),
        [get(`row${y}`), x ? [get("pixel"), op.i32(x), op.mul, op.add] : [], op.load(0)],
        [get("kernels"), op.load((y * size + x) * VECTOR)],
      ),
      set("sum"),
    ];
    return [
      get("low"), op.fromFloat, set("lowest"),
      get("high"), op.fromFloat, set("highest"),
      get("groups"), op.i32(4), op.shl, set("pixel"),
      op.i32(0), set("x"),
      loop(
        [
          op.i32(0), set("group"),
          get("kernel"), set("kernels"),
          get("bias"), set("biases"),
          sides.map((y) => [y ? [get(`row${y - 1}`), get("line"), op.add] : get("input"), set(`row${y}`)]),
          loop(
            [
              get("biases"), op.load(0), set("sum"),
              sides.map((y) => sides.map((x) => tap(y, x))),
              get("output"), get("sum"), get("lowest"), op.larger, get("highest"), op.smaller, op.store(0),
              advance("output", op.i32(VECTOR)),
              advance("biases", op.i32(VECTOR)),
              advance("kernels", op.i32(VECTOR * size * size)),
              sides.map((y) => advance(`row${y}`, op.i32(VECTOR))),
              advance("group", op.i32(1)),
            ],
            [get("group"), get("groups"), op.lessThan],
          ),
          advance("input", get("step")),
          advance("x", op.i32(1)),
        ],
        [get("x"), get("count"), op.lessThan],
      ),
    ]; // prettier-ignore
  });
}

/** Sizes of depthwise kernels that there are loops for. */
export const DEPTHWISE = [3, 5, 7];

const functions = (fused) => [
  product("product", TALL, fused),
  product("productRow", 1, fused),
  ...DEPTHWISE.map((size) => depthwise(size, fused)),
];

/** The kernels over a memory, or null where the browser cannot run them. */
export function instantiate(memory) {
  if (typeof WebAssembly === "undefined") return null;
  const bytes = [true, false].map((fused) => assemble(functions(fused))).find((each) => WebAssembly.validate(each));
  if (!bytes) return null;
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { memory: { all: memory } });
    return {
      ...exports,
      /** Any number of rows: six at a time, and the rest one by one. */
      product(input, kernel, bias, output, rows, inner, panels, stride, low, high) {
        const most = rows - (rows % TALL);
        exports.product(input, kernel, bias, output, most, inner, panels, stride, low, high);
        exports.productRow(input + 4 * inner * most, kernel, bias, output + stride * most, rows - most, inner, panels, stride, low, high); // prettier-ignore
      },
    };
  } catch {
    return null; // a policy that allows no WebAssembly
  }
}
