/** A number for reading: a real minus sign, at most `digits` decimals, none that are zeros. */
export function number(value, digits = 2) {
  if (!Number.isFinite(value)) return String(value).replace("-", "−");
  const rounded = Number(value.toFixed(digits));
  const text = Math.abs(rounded) >= 1e7 ? rounded.toExponential(2) : String(rounded === 0 ? 0 : rounded);
  return text.replace("-", "−");
}

/** A number for a cell with little room: two decimals below 1, one above. */
export function brief(value) {
  return number(value, Math.abs(value) < 1 ? 2 : 1);
}

/** A number as people write it: a comma for a point, a real minus sign, a fraction such as 1/9. NaN for a word. */
export function parseNumber(text) {
  const plain = String(text).trim().replace("−", "-").replace(",", ".");
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+\.?\d*|\.\d+))?$/i.exec(plain);
  if (!match) return NaN;
  const value = Number(match[1]) / (match[2] === undefined ? 1 : Number(match[2]));
  return Number.isFinite(value) ? value : NaN;
}

/** "1 pixel", "2 pixels". */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
