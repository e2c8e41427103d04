// A small assembler for WebAssembly: functions of whole numbers over one memory, with vectors of four floats. The pages
// have no build step, so the few loops that must be quick are put together here, and can be read beside it.

/** Unsigned LEB128, as WebAssembly writes whole numbers. */
export function unsigned(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value = Math.floor(value / 128);
  } while (value);
  return bytes;
}

/** Signed LEB128. */
export function signed(value) {
  const bytes = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const last = (value === 0 && !(low & 0x40)) || (value === -1 && low & 0x40);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
export const TYPES = { i32: I32, f32: F32, v128: V128 };

const vector = (code, ...more) => [0xfd, ...unsigned(code), ...more];
const at = (offset, alignment) => [...unsigned(alignment), ...unsigned(offset)];

/** Instructions: each is a list of bytes, to be put in a row. */
export const op = {
  i32: (value) => [0x41, ...signed(value)],
  add: [0x6a],
  sub: [0x6b],
  mul: [0x6c],
  shl: [0x74],
  lessThan: [0x49], // unsigned
  load: (offset = 0) => vector(0x00, ...at(offset, 2)),
  /** One float into all four. */
  splat: (offset = 0) => vector(0x09, ...at(offset, 2)),
  store: (offset = 0) => vector(0x0b, ...at(offset, 2)),
  fromFloat: vector(0x13),
  plus: vector(0xe4),
  times: vector(0xe6),
  smaller: vector(0xe8),
  larger: vector(0xe9),
  /** a × b + c, rounded once or twice. */
  timesPlus: vector(0x105),
};

/**
 * A function: `parameters` and `locals` are {name: "i32" | "f32" | "v128"}; `body(names)` gives its instructions, where
 * names.get(name), names.set(name) and names.loop(instructions, condition) are further ones.
 */
export function define(name, parameters, locals, body) {
  const all = { ...parameters, ...locals };
  const indices = Object.fromEntries(Object.keys(all).map((each, index) => [each, index]));
  const index = (each) => {
    if (!Object.hasOwn(indices, each)) throw new Error(`${name} has no ${each}`);
    return unsigned(indices[each]);
  };
  const names = {
    get: (each) => [0x20, ...index(each)],
    set: (each) => [0x21, ...index(each)],
    /** Adds what instructions give to a whole number. */
    advance: (each, by) => [0x20, ...index(each), ...by, ...op.add, 0x21, ...index(each)],
    /** Does instructions once, and again while the condition gives 1. */
    loop: (inside, condition) => [0x03, 0x40, ...inside, ...condition, 0x0d, 0x00, 0x0b],
    /** Does instructions while the condition gives 1, perhaps never. */
    during: (condition, inside) => [0x02, 0x40, 0x03, 0x40, ...condition, 0x45, 0x0d, 0x01, ...inside, 0x0c, 0x00, 0x0b, 0x0b],
  };
  const declared = Object.values(locals).flatMap((type) => [1, TYPES[type]]);
  const code = [...unsigned(Object.keys(locals).length), ...declared, ...body(names).flat(Infinity), 0x0b];
  return { name, parameters: Object.values(parameters).map((type) => TYPES[type]), code };
}

/** A module of functions over a memory that it takes as memory.all. */
export function assemble(functions) {
  const text = (name) => [...unsigned(name.length), ...[...name].map((letter) => letter.charCodeAt(0))];
  const list = (items) => [...unsigned(items.length), ...items.flat()];
  const section = (id, content) => [id, ...unsigned(content.length), ...content];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(functions.map(({ parameters }) => [0x60, ...list(parameters.map((type) => [type])), 0x00]))),
    ...section(2, list([[...text("memory"), ...text("all"), 0x02, 0x00, 0x01]])),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    ...section(7, list(functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]))),
    ...section(10, list(functions.map(({ code }) => [...unsigned(code.length), ...code]))),
  ]);
}
