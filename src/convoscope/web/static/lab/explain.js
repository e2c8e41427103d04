// One position of the window in numbers: the arithmetic that the page shows, in double precision.

import { activateValue, sourceIndex } from "../engine/index.js";
import { laidKernel } from "./steps.js";

/**
 * What the window holds at a position.
 *
 * Returns {channels, missing, total, weighted, activated, clipped}. Each channel is {cells, sum}; a cell is
 * {row, column, value, state, weight, product}: state "inside", "padded" (value from the padding) or "missing" (no
 * pixel and no padding: value null, and no sum can be made).
 */
export function explain(input, step, geometry, { top, left }) {
  return step.type === "pool"
    ? explainPooling(input, step, top, left)
    : explainFilter(input, step, geometry, top, left);
}

function explainFilter(input, step, { rows, columns }, top, left) {
  const channels = Array.from({ length: input.shape[2] }, (_, channel) => {
    const cells = laidKernel(step, channel).map((line, y) =>
      line.map((weight, x) => {
        const cell = { row: top + y * step.dilation, column: left + x * step.dilation, weight };
        const { value, state } = look(input, step, { rows, columns }, cell.row, cell.column, channel);
        return { ...cell, value, state, product: value === null ? null : value * weight };
      }),
    );
    return { cells, sum: sumOf(cells.flat().map((cell) => cell.product)) };
  });
  const missing = channels[0].cells.flat().filter((cell) => cell.state === "missing").length;
  const finish = (total) => {
    if (total === null) return { total, weighted: null, activated: null, clipped: null };
    const weighted = total * step.weight + step.bias;
    const activated = activateValue(weighted, step.activation);
    return { total, weighted, activated, clipped: step.clip ? asByte(activated) : activated };
  };
  for (const channel of channels) Object.assign(channel, finish(channel.sum));
  return {
    channels,
    missing,
    ...finish(step.channels === "sum" ? sumOf(channels.map(({ sum }) => sum)) : channels[0].sum),
  };
}

function explainPooling(input, step, top, left) {
  const [height, width] = input.shape;
  const channels = Array.from({ length: input.shape[2] }, (_, channel) => {
    const cells = Array.from({ length: step.size }, (_, y) =>
      Array.from({ length: step.size }, (_, x) => {
        const [row, column] = [top + y, left + x];
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        const value = inside ? at(input, row, column, channel) : null;
        return { row, column, value, state: inside ? "inside" : "missing", wins: false };
      }),
    );
    return { cells, clipped: pooled(cells.flat(), step.mode) };
  });
  const missing = channels[0].cells.flat().filter((cell) => cell.state === "missing").length;
  return { channels, missing, clipped: channels[0].clipped };
}

function pooled(cells, mode) {
  const values = cells.map((cell) => cell.value);
  if (values.includes(null)) return null;
  if (mode === "average") return values.reduce((a, b) => a + b, 0) / values.length;
  const best = mode === "max" ? Math.max(...values) : Math.min(...values);
  cells[values.indexOf(best)].wins = true;
  return best;
}

/** What a step finds at a position that may lie outside the image: {value, state}, as in a cell. */
export function look(input, { padMode }, { rows, columns }, row, column, channel) {
  if (row < -rows.before || row >= rows.size + rows.after) return { value: null, state: "missing" };
  if (column < -columns.before || column >= columns.size + columns.after) return { value: null, state: "missing" };
  const inside = row >= 0 && row < rows.size && column >= 0 && column < columns.size;
  const [y, x] = [sourceIndex(row, rows.size, padMode), sourceIndex(column, columns.size, padMode)];
  return { value: y < 0 || x < 0 ? 0 : at(input, y, x, channel), state: inside ? "inside" : "padded" };
}

/** What a byte holds of a value: clipped, and rounded as the engine does it. */
export function asByte(value) {
  return Uint8ClampedArray.of(value)[0];
}

/** The value of a tensor (height, width, channels). */
export function at({ data, shape }, row, column, channel) {
  return data[(row * shape[1] + column) * shape[2] + channel];
}

function sumOf(numbers) {
  return numbers.includes(null) ? null : numbers.reduce((a, b) => a + b, 0);
}
