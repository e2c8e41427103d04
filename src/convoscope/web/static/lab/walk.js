// Where the window stands. A position is {row, column, top, left, reason}: the output pixel (null where there is none,
// and `reason` says why) and the input pixel under the window's first cell, which may lie outside the image.

import { windows } from "../engine/index.js";

/** Both axes of a step on an image of this shape; throws in words where the window does not fit. */
export function geometryOf(step, shape) {
  if (step.type === "pool") return windows(shape, step.size, step.size, { stride: step.stride });
  const kernel = step.kernels[0];
  return windows(shape, kernel.length, kernel[0].length, step);
}

/** The position that was pointed at: `pointed` is {of: "input" | "output", row, column}, or null for the middle. */
export function positionOf(step, geometry, pointed) {
  const { rows, columns } = geometry;
  if (!pointed) return positionOfOutput(geometry, Math.floor(rows.out / 2), Math.floor(columns.out / 2));
  if (pointed.of === "output") return positionOfOutput(geometry, pointed.row, pointed.column);
  return positionOfInput(step, geometry, clamp(pointed.row, rows.size), clamp(pointed.column, columns.size));
}

/** The position that makes an output pixel. */
export function positionOfOutput({ rows, columns }, row, column) {
  const [r, c] = [clamp(row, rows.out), clamp(column, columns.out)];
  return {
    row: r,
    column: c,
    top: r * rows.stride - rows.before,
    left: c * columns.stride - columns.before,
    reason: "",
  };
}

/** The position that belongs to an input pixel: centred on it, or for pooling the window that it lies in. */
export function positionOfInput(step, geometry, row, column) {
  const rows = alongAxis(step, geometry.rows, row);
  const columns = alongAxis(step, geometry.columns, column);
  const made = rows.index !== null && columns.index !== null;
  return {
    row: made ? rows.index : null,
    column: made ? columns.index : null,
    top: rows.first,
    left: columns.first,
    reason: made ? "" : [rows.reason, columns.reason].includes("outside") ? "outside" : "skipped",
  };
}

function alongAxis(step, axis, pixel) {
  if (step.type === "pool") {
    const index = Math.floor((pixel + axis.before) / axis.stride);
    const first = index * axis.stride - axis.before;
    return index < axis.out ? { index, first, reason: "" } : { index: null, first, reason: "outside" };
  }
  const first = pixel - Math.floor((axis.kernel - 1) / 2) * axis.dilation;
  const index = (first + axis.before) / axis.stride;
  const lastStart = axis.size + axis.after - axis.reach;
  if (first < -axis.before || first > lastStart) return { index: null, first, reason: "outside" };
  return Number.isInteger(index) ? { index, first, reason: "" } : { index: null, first, reason: "skipped" };
}

/** The output size with its formula: "(28 + 2 − 3) ÷ 2, rounded down, + 1 = 14". */
export function formula({ size, before, after, reach, stride, out }) {
  const padded = before + after ? `${size} + ${before + after}` : `${size}`;
  const room = size + before + after - reach;
  if (stride === 1) return `${padded} − ${reach} + 1 = ${out}`;
  return `(${padded} − ${reach}) ÷ ${stride}${room % stride ? ", rounded down," : ""} + 1 = ${out}`;
}

/** Why the output has the size that it has, in one sentence. */
export function whySize({ rows, columns }, pooling) {
  const size = (of) => (rows[of] === columns[of] ? `${rows[of]}` : `${rows[of]}×${columns[of]}`);
  if (pooling)
    return `Every ${rows.kernel}×${columns.kernel} pixels leave one value: ${size("size")} becomes ${size("out")}.`;
  if (rows.out === rows.size && columns.out === columns.size) {
    return rows.before + rows.after
      ? "Padding gives border pixels their missing neighbours, so the size stays the same."
      : "A window of one pixel loses nothing, so the size stays the same.";
  }
  if (rows.stride > 1)
    return `The window moves ${rows.stride} pixels at a time: ${size("size")} becomes ${size("out")}.`;
  if (rows.out > rows.size)
    return `Every window that touches the image makes a pixel: ${size("size")} becomes ${size("out")}.`;
  const lost = rows.size - rows.out;
  const window = `a ${rows.kernel}×${columns.kernel} window`;
  const become = `${size("size")} becomes ${size("out")}`;
  return `Border pixels lack neighbours, so ${window} loses ${lost} on each axis: ${become}.`;
}

function clamp(value, size) {
  return Math.max(0, Math.min(size - 1, value));
}
