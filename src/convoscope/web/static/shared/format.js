/** A number for reading: a real minus sign, at most `digits` decimals, none that are zeros. */
export function number(value, digits = 2) {
  if (!Number.isFinite(value)) return String(value).replace("-", "−");
  const rounded = Number(value.toFixed(digits));
  const text = Math.abs(rounded) >= 1e7 ? power(rounded, 2) : String(rounded === 0 ? 0 : rounded);
  return text.replaceAll("-", "−");
}

/** A number for a field that a person types in: as `number`, but none is shown as 0 that is not 0. */
export function typed(value, digits) {
  const small = value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits;
  return small ? power(value, 1).replaceAll("-", "−") : number(value, digits);
}

/** As a power of ten, in as few characters as possible: 1e9, 1.5e-7. */
function power(value, digits) {
  return value.toExponential(digits).replace(/\.?0*e\+?/, "e");
}

/** A number for a cell with little room: two decimals below 1, one above. */
export function brief(value) {
  return number(value, Math.abs(value) < 1 ? 2 : 1);
}

/** A number as people write it: a comma for a point, a real minus sign, a fraction such as 1/9. NaN for a word. */
export function parseNumber(text) {
  const plain = String(text).trim().replaceAll("−", "-").replace(",", ".");
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+\.?\d*|\.\d+))?$/i.exec(plain);
  if (!match) return NaN;
  const value = Number(match[1]) / (match[2] === undefined ? 1 : Number(match[2]));
  return Number.isFinite(value) ? value : NaN;
}

const LARGEST = 1e30; // the pages compute in single precision, which ends at 3.4e38

/** Whether a number is more than the pages can compute with. */
export const tooLarge = (value) => Math.abs(value) > LARGEST;

/** What to say of such a number. */
export const whyTooLarge = (value) => `The page computes with numbers of up to 1e30, and ${value} is larger.`;

/** "1 pixel", "2 pixels". */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
