// Numbers of an equation, written with as few digits as let what is displayed give what is displayed: nobody who checks the
// sum on the page by hand finds another one.

const MOST_DIGITS = 6; // of a factor: nobody checks more
const [SMALL, LARGE] = [0.0005, 1e7]; // beyond these a number is a power of ten
const SMALLEST_PLAIN = 1e-5; // where a number with one digit only becomes one

/**
 * The first of `styles`, functions that write a number, for which every claim holds; the last where none does. Styles go
 * from coarse to fine; a claim says of a style whether what it writes is true, see `gives`.
 */
export function agreeing(styles, ...claims) {
  return styles.find((style) => claims.every((claim) => claim(style))) ?? styles.at(-1);
}

/**
 * The claim that `compute` makes of displayed operands what is displayed as its result; `write` writes that, or else the
 * style itself.
 */
export function gives(operands, compute, write = null) {
  return (style) => {
    const result = write ?? style;
    return result(compute(...operands.map((each) => read(style(each))))) === result(compute(...operands));
  };
}

export const sum = (...numbers) => numbers.reduce((a, b) => a + b, 0);
export const product = (a, b) => a * b;

/** Styles with one significant digit after the other, of which `coarse` is the first, if it is given. */
export function significant(coarse = null, least = 3) {
  const finer = Array.from({ length: MOST_DIGITS + 1 - least }, (_, i) => (x) => inDigits(x, least + i));
  return coarse ? [coarse, ...finer] : finer;
}

/** Styles with one decimal after the other; a number that these would show as 0 gets its first digit. */
export function decimal(least = 0, count = MOST_DIGITS + 1) {
  return Array.from({ length: count }, (_, i) => (x) => inDecimals(x, least + i, 3 + i));
}

/** How many decimals a written number has. */
export function decimalsOf(text) {
  const [mantissa, exponent = "0"] = plain(text).split("e");
  return Math.max(0, (mantissa.split(".")[1] ?? "").length - Number(exponent));
}

/** The number that a text says. */
export const read = (text) => Number(plain(text));

const plain = (text) => text.replaceAll("−", "-");
const signed = (text) => text.replaceAll("-", "−");

function inDigits(x, digits) {
  const size = Math.abs(x);
  const far = size !== 0 && (size < SMALL || size >= LARGE);
  return far && Number.isFinite(x) ? power(x, digits) : signed(String(Number(x.toPrecision(digits))));
}

function inDecimals(x, decimals, digits) {
  if (!Number.isFinite(x) || Math.abs(x) >= LARGE) return inDigits(x, digits);
  const rounded = Number(x.toFixed(Math.min(decimals, 20)));
  if (rounded === 0 && x !== 0) return Math.abs(x) < SMALLEST_PLAIN ? power(x, 1) : signed(String(Number(x.toPrecision(1))));
  return Math.abs(rounded) < 1e-6 && rounded !== 0 ? power(rounded, digits) : signed(String(rounded));
}

function power(x, digits) {
  return signed(x.toExponential(digits - 1).replace(/\.?0*e\+?/, "e"));
}
