// Kernels as text, as the command line has them: "-1 0 1; -2 0 2; -1 0 1".

import { number, parseNumber } from "../shared/format.js";

export const LARGEST = 7;

/** The kernel as one line of text. */
export function kernelText(rows) {
  return rows.map((row) => row.map((value) => number(value, 6).replace("−", "-")).join(" ")).join("; ");
}

/** Rows of numbers from text: rows end with a semicolon or a line, numbers are parted by spaces. Throws in words. */
export function parseKernel(text) {
  const lines = text
    .replace(/[[\]]/g, " ")
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter(Boolean);
  if (!lines.length) throw new RangeError("A kernel needs numbers, for instance -1 0 1; -2 0 2; -1 0 1.");
  const rows = lines.map((line) =>
    line.split(/,\s+|\s+|(?<=\d),(?=-?\d+,)/).map((word) => {
      const value = parseNumber(word);
      if (Number.isNaN(value))
        throw new RangeError(
          `A kernel is made of numbers, and “${word}” is none. Write for instance -1 0 1; -2 0 2; -1 0 1.`,
        );
      return value;
    }),
  );
  const width = rows[0].length;
  const uneven = rows.findIndex((row) => row.length !== width);
  if (uneven > 0)
    throw new RangeError(
      `Every row needs the same number of values: row 1 has ${width}, row ${uneven + 1} has ${rows[uneven].length}.`,
    );
  if (rows.length !== width)
    throw new RangeError(
      `The page takes square kernels, and this one has ${rows.length}×${width} numbers. Fill it up with zeros.`,
    );
  if (width > LARGEST)
    throw new RangeError(
      `The page takes kernels of up to ${LARGEST}×${LARGEST}, and this one has ${width}×${width}. ` +
        "In Python, convoscope.filters takes larger ones.",
    );
  return rows;
}

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
