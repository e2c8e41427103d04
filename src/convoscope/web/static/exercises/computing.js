// The engine's arithmetic for grids that are lists of rows, as exercises show them.

import { activate, convolve, pool, tensor } from "../engine/index.js";

/** Rows of numbers as the engine's image of one channel. */
export const imageOf = (rows) => tensor([rows.length, rows[0].length, 1], Float32Array.from(rows.flat()));

/** The engine's image of one channel as rows. */
export function rowsOf({ data, shape: [height, width] }) {
  return Array.from({ length: height }, (_, y) => Array.from(data.subarray(y * width, (y + 1) * width)));
}

/** What a kernel makes of an image; options: those of the engine's `convolve`, and {weight, bias}. */
export function filtered(rows, kernel, { weight = 1, bias = 0, ...options } = {}) {
  const numbers = Float32Array.from(kernel.flat(), (one) => one * weight);
  const laid = tensor([kernel.length, kernel[0].length, 1, 1], numbers);
  return rowsOf(convolve(imageOf(rows), laid, bias ? tensor([1], Float32Array.of(bias)) : null, options));
}

/** What pooling makes of an image: {rows, winners}; `winners` are the [row, column] that each value is from. */
export function pooled(rows, mode, options) {
  const { output, winners } = pool(imageOf(rows), mode, options);
  const width = rows[0].length;
  const from = winners ? [...winners].map((index) => [Math.floor(index / width), index % width]) : null;
  const [height, columns] = output.shape;
  const places = from && Array.from({ length: height }, (_, y) => from.slice(y * columns, (y + 1) * columns));
  return { rows: rowsOf(output), winners: places };
}

/** Each value through an activation; softmax runs over each row. */
export function activated(rows, name) {
  const numbers = tensor([rows.length, rows[0].length], Float32Array.from(rows.flat()));
  const { data } = activate(numbers, name);
  return rows.map((row, y) => Array.from(data.subarray(y * row.length, (y + 1) * row.length)));
}

/** A part of an image. */
export function part(rows, { row, column, rows: height, columns: width }) {
  return rows.slice(row, row + height).map((each) => each.slice(column, column + width));
}

export const turned = (rows) => rows.map((row) => [...row].reverse()).reverse();
export const transposed = (rows) => rows[0].map((_, column) => rows.map((row) => row[column]));
export const each = (rows, of) => rows.map((row) => row.map(of));

/** Whether two grids have the same numbers, to the rounding of single precision. */
export function alike(one, other) {
  const size = Math.max(1, ...one.flat().map(Math.abs));
  return (
    one.length === other.length &&
    one.every((row, y) => row.length === other[y].length && row.every((value, x) => Math.abs(value - other[y][x]) <= 1e-5 * size))
  );
}
