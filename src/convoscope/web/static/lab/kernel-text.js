// Kernels as text, in one grammar with the command line and Python: filters/kernel_text.py says what may be written.
// What differs is only the page's own bound: square kernels of up to 7×7.

import { tooLarge, whyTooLarge } from "../shared/format.js";

export const LARGEST = 7;
const LARGEST_TEXT = 255; // rows or columns, as in Python
const LONGEST = 2_000_000; // characters
const DEEPEST = 8; // brackets within brackets

const SIGNS = /[\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d]/g;
const STROKES = /[\u2044\u2215]/g;
const INVISIBLE = /[\xad\u200c\u200d\u200e\u200f\u2060]/g;
const ONE_SIGN = /(?<![0-9.,/])[\xbc-\xbe\u2150-\u215e](?![0-9.,/])/g; // a fraction such as ½
const LINE_ENDS = /[\r\v\f\x85\u2028\u2029]/g;
const BLANKS = /[\t\xa0\u2000-\u200b\u202f\u205f\u3000\ufeff]/g;

const DECIMAL = String.raw`[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?`;
const FRACTION = `(${DECIMAL})(?:/(${DECIMAL}))?`;
const NUMBER = new RegExp(`^${FRACTION}$`);
const WITH_COMMA = "[+-]?[0-9]+(?:,[0-9]+)?(?:[eE][+-]?[0-9]+)?";
const NUMBER_WITH_COMMA = new RegExp(`^${WITH_COMMA}(?:/${WITH_COMMA})?$`);
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;

const LIBRARY = String.raw`(?:(?:np|numpy|jnp|cp|torch|tf)\.)?`;
const TYPE = "(?:float(?:16|32|64)?_?|double|single|half|u?int(?:8|16|32|64)?_?|bool_?)";
const MAKER = `(?:as)?(?:array|matrix)|mat|[tT]ensor|FloatTensor|constant|list|tuple|${TYPE}`;
const MATRIX = String.raw`\{(?:[bBpvV]?matrix|smallmatrix|array)\*?\}(?: ?\{[lcr|]+\})?`; // LaTeX's
const LEFT_OUT = [
  // what code has around the numbers, and what stands there instead
  [/^(?:[A-Za-z_][A-Za-z0-9_]* ){0,3}[A-Za-z_][A-Za-z0-9_.]*(?: ?\[[0-9]*\]){0,4} ?= ?/, ""],
  [new RegExp(String.raw`^[$ \n]*(?:\\\[ ?)?(?:\\left ?[[({|.] ?)?\\begin ?${MATRIX}`), ""],
  [new RegExp(String.raw`\\end ?${MATRIX} ?(?:\\right ?[\])}|.] ?)?(?:\\\])?[ \n$.,]*$`), ""],
  [new RegExp(String.raw`\\[dt]?frac ?\{ ?(${DECIMAL}) ?\} ?\{ ?(${DECIMAL}) ?\}`, "g"), "$1/$2"],
  [/\\\\/g, ";"],
  [/(?<=[0-9.]) ?& ?(?=[-+.0-9])/g, " "],
  [/(?<=[;,]) ?\.\.\.\n/g, " "], // MATLAB's row that goes on; NumPy's ... for what it leaves out stays
  [/,[ \n]?(?:dtype|copy|order|ndmin|subok|device|requires_grad|name) ?= ?[A-Za-z0-9_.'"<>|]+/g, ""],
  [new RegExp(String.raw`,[ \n]?['"]?${LIBRARY}${TYPE}['"]?(?=[ \n]?\))`, "g"), ""],
  [new RegExp(String.raw`(?<![A-Za-z0-9_.])${LIBRARY}(?:${MAKER}) ?\(`, "g"), "("],
  [new RegExp(String.raw`\([ \n]?(${FRACTION})[ \n]?\)`, "g"), " $1 "],
  [/ *\/ */g, "/"],
];
const CLOSING = { "(": ")", "[": "]", "{": "}" };
const EXAMPLE = "For example: -1 0 1; -2 0 2; -1 0 1.";

/** The kernel as one line of text, from which the same numbers are read. */
export function kernelText(rows) {
  return rows.map((row) => row.join(" ")).join("; ");
}

/** Rows of numbers from text, for the page: a square of up to 7×7. Throws in words. */
export function parseKernel(text) {
  const rows = readRows(text);
  const [height, width] = [rows.length, rows[0].length];
  if (height !== width)
    throw new RangeError(
      `The page takes square kernels, but this one has ${height}×${width} numbers. Pad it with zeros.`,
    );
  if (width > LARGEST)
    throw new RangeError(
      `The page takes kernels of up to ${LARGEST}×${LARGEST}, but this one has ${width}×${width}. ` +
        "In Python, convoscope.filters takes larger ones.",
    );
  const large = rows.flat().find(tooLarge);
  if (large !== undefined) throw new RangeError(whyTooLarge(large));
  return rows;
}

/** Rows of numbers from text, of any shape: what Python reads. Throws in words. */
export function readRows(text) {
  if (text.length > LONGEST)
    throw new RangeError(`A kernel's text has at most ${LONGEST} characters, but got ${text.length}.`);
  const found = words(withoutCode(text), text.includes("\t"));
  if (!found.some((row) => row.length))
    throw new RangeError(`A kernel needs numbers, but there are none in the text. ${EXAMPLE}`);
  const rows = found.map((row, i) => row.map((word) => value(word, i + 1)));
  const width = rows[0].length;
  const uneven = rows.findIndex((row) => row.length !== width);
  if (uneven > 0)
    throw new RangeError(
      `Every row of a kernel has as many values as the first: row 1 has ${width}, but row ${uneven + 1} has ` +
        `${rows[uneven].length}. Rows end with a semicolon or a line end, as in -1 0 1; -2 0 2; -1 0 1.`,
    );
  if (Math.max(rows.length, width) > LARGEST_TEXT)
    throw new RangeError(
      `A kernel has at most ${LARGEST_TEXT} rows and columns, but got ${rows.length}×${width}. Apply a smaller ` +
        "kernel several times instead.",
    );
  return rows;
}

const strip = (text, characters) => {
  let [from, to] = [0, text.length];
  while (from < to && characters.includes(text[from])) from++;
  while (to > from && characters.includes(text[to - 1])) to--;
  return text.slice(from, to);
};
const withoutComma = (row) => strip(row.endsWith(",") ? row.slice(0, -1) : row, " ");

function withoutCode(text) {
  text = text.replace(ONE_SIGN, (sign) => sign.normalize("NFKC")).replace(STROKES, "/").replace(INVISIBLE, "");
  let plain = text.replace(SIGNS, "-").replace(LINE_ENDS, "\n").replace(BLANKS, " ").replace(/ +/g, " ");
  plain = strip(plain.replace(/[ \n]*\n[ \n]*/g, "\n"), " \n");
  for (const [pattern, instead] of LEFT_OUT) plain = plain.replace(pattern, instead);
  return strip(plain.replace(/ +/g, " "), " \n;").replace(/(?<=[)\]}]) ?,$/, "");
}

/** The words of each row that has any; `tabs`: whether there were some. */
function words(text, tabs) {
  let found = pairs(text);
  while (found.get(0) === text.length - 1 && text[0] === "(") {
    const inner = strip(text.slice(1, -1), " \n,"); // a call's brackets are none of the kernel's
    const within = pairs(inner);
    if (within.get(0) !== inner.length - 1) break;
    [text, found] = [inner, within];
  }
  if (!found.size) {
    const cells = table(text);
    if (cells) return cells;
    const rows = rowsIn(text);
    if (!haveDecimalCommas(rows, tabs)) return rows.map(split);
    return rows.map((row) => row.split(" ").map((word) => word.replaceAll(",", ".")));
  }
  if (found.get(0) === text.length - 1) {
    text = text.slice(1, -1);
    found = pairs(text);
  }
  return found.size ? grouped(text, found) : rowsIn(text).map(split);
}

/** Where each bracket that opens is closed. */
function pairs(text) {
  const found = new Map();
  const open = [];
  for (let i = 0; i < text.length; i++) {
    if ("([{".includes(text[i])) open.push(i);
    else if (")]}".includes(text[i])) {
      if (!open.length || CLOSING[text[open.at(-1)]] !== text[i])
        throw new RangeError(`The bracket ${text[i]} has no opening bracket. ${EXAMPLE}`);
      found.set(open.pop(), i);
    }
    if (open.length > DEEPEST)
      throw new RangeError(`The brackets of a kernel mark its rows, but here they are nested too deeply. ${EXAMPLE}`);
  }
  if (open.length) throw new RangeError(`The bracket ${text[open.at(-1)]} is not closed. ${EXAMPLE}`);
  return found;
}

/** Rows in brackets of their own. */
function grouped(text, found) {
  const groups = [];
  let outside = "";
  let after = 0;
  for (const opened of [...found.keys()].sort((a, b) => a - b)) {
    if (opened < after) continue;
    outside += text.slice(after, opened);
    after = found.get(opened) + 1;
    groups.push(text.slice(opened + 1, after - 1).replaceAll("\n", " "));
  }
  outside = strip(outside + text.slice(after), " \n,;");
  if (outside) throw new RangeError(`${quoted(outside)} is outside the brackets of the rows. ${EXAMPLE}`);
  groups.forEach((row, i) => {
    const wrong = [...row].find((character) => ";([{".includes(character));
    if (wrong)
      throw new RangeError(
        `Row ${i + 1} has brackets of its own, so there are only numbers in it, but got ${wrong}. ${EXAMPLE}`,
      );
  });
  return groups.map(split);
}

/** The cells of a table as spreadsheets write it where the comma is taken: lines of 0,1;0,2. Null if it is none. */
function table(text) {
  const lines = text.split("\n").map((line) =>
    (line.endsWith(";") ? line.slice(0, -1) : line).split(";").map((cell) => strip(cell, " ")),
  );
  if (lines.length < 2 || lines[0].length < 2 || !even(lines)) return null;
  if (!lines.flat().every((cell) => NUMBER.test(cell) || NUMBER_WITH_COMMA.test(cell))) return null;
  return lines.map((line) => line.map((cell) => cell.replaceAll(",", ".")));
}

const rowsIn = (text) =>
  text
    .split(/[;\n]/)
    .map((row) => strip(row, " "))
    .filter(Boolean);

/** A row split at blanks and at commas, of which one may end it. */
function split(row) {
  const trimmed = withoutComma(strip(row, " "));
  return trimmed ? trimmed.split(/ ?, ?| /) : [];
}

/** Whether the commas stand for points; throws where nobody can know. */
function haveDecimalCommas(rows, tabs) {
  const trimmed = rows.map(withoutComma);
  if (!trimmed.some((row) => /[0-9],[0-9]/.test(row)) || !trimmed.some((row) => row.includes(" "))) return false;
  const found = trimmed.map((row) => row.split(" "));
  const every = found.flat();
  for (const word of every)
    if (!word.includes(",") && !NUMBER.test(word) && !NOT_FINITE.test(word))
      value(word, found.findIndex((row) => row.includes(word)) + 1);
  const mixed = !tabs && !every.every((word) => word.includes(","));
  const unknown = mixed && even(found) && even(rows.map(split));
  if (unknown || !every.every((word) => NUMBER_WITH_COMMA.test(word)))
    throw new RangeError(
      `The commas, as in ${quoted(every.find((word) => word.includes(",")))}, may separate values or stand for decimal ` +
        "points. Write decimals with a point and separate values with spaces: 0.1 0.2 0.1; 1 2 1.",
    );
  return true;
}

const even = (rows) => new Set(rows.map((row) => row.length)).size === 1;

function value(word, row) {
  if (!word) throw new RangeError(`A value is missing in row ${row}: there is nothing between two commas.`);
  const found = NUMBER.exec(word);
  if (!found) {
    if (NOT_FINITE.test(word))
      throw new RangeError(`A kernel's numbers must be finite, but got ${quoted(word)} in row ${row}.`);
    throw new RangeError(
      `A kernel is made of numbers, but ${quoted(word)} in row ${row} is not a number. ${EXAMPLE} Or choose one by its name.`,
    );
  }
  const [above, below] = [Number(found[1]), Number(found[2] ?? 1)];
  if (below === 0) throw new RangeError(`${quoted(word)} in row ${row} is a division by zero.`);
  if (![above, below, above / below].every(Number.isFinite))
    throw new RangeError(`${quoted(word)} in row ${row} is too large for a number: at most 1.8e308.`);
  return above / below;
}

const quoted = (word) => `“${word.length <= 40 ? word : `${word.slice(0, 39)}…`}”`;

/** The kernel in another size, the same middle kept, zeros around it. */
export function resized(rows, size) {
  const shift = Math.floor((rows.length - 1) / 2) - Math.floor((size - 1) / 2);
  return Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => rows[y + shift]?.[x + shift] ?? 0),
  );
}

/** The weight that makes a kernel's numbers add up to 1; null where they add up to 0 and none can. */
export function normalisingWeight(rows) {
  const sum = rows.flat().reduce((a, b) => a + b, 0);
  const magnitude = rows.flat().reduce((a, b) => a + Math.abs(b), 0);
  return Math.abs(sum) <= 1e-9 * magnitude || magnitude === 0 ? null : 1 / sum;
}
