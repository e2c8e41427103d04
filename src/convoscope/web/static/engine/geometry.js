// Where windows lie along one axis: the only position that knows what stride, padding and dilation mean.

export const PADDINGS = ["valid", "same", "full"];

/**
 * Windows along one axis of `size` pixels.
 *
 * `padding` is "valid" (none), "same" (ceil(size / stride) windows, as Keras does it: an odd pixel goes to the end),
 * "full" (every window that touches the image) or a number of pixels on both sides.
 *
 * Returns {size, stride, dilation, kernel, reach, before, after, out}: `reach` is the pixels from a window's first to
 * its last, `out` the windows that fit; 0 where the kernel reaches further than the padded image.
 */
export function axis(size, kernel, { stride = 1, padding = "valid", dilation = 1 } = {}) {
  const reach = dilation * (kernel - 1) + 1;
  let before = 0;
  let after = 0;
  if (padding === "same") {
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
    before = Math.floor(total / 2);
    after = total - before;
  } else if (padding === "full") {
    before = after = reach - 1;
  } else if (padding !== "valid") {
    before = after = Number(padding);
    if (!Number.isInteger(before) || before < 0) {
      throw new RangeError(`padding is "valid", "same", "full" or a whole number of pixels, but got ${padding}`);
    }
  }
  const room = size + before + after - reach;
  return { size, stride, dilation, kernel, reach, before, after, out: room < 0 ? 0 : Math.floor(room / stride) + 1 };
}

/** Both axes of an image, for options of one value or of [rows, columns]; an error in words where no window fits. */
export function windows(shape, kernelHeight, kernelWidth, options = {}) {
  const rows = axis(shape[0], kernelHeight, along(options, 0));
  const columns = axis(shape[1], kernelWidth, along(options, 1));
  if (rows.out < 1 || columns.out < 1) {
    throw new RangeError(
      `The window reaches over ${rows.reach}×${columns.reach} pixels and the image has only ${shape[0]}×${shape[1]}: ` +
        "no output pixel is left. Use a smaller window or dilation, more padding, or a larger image.",
    );
  }
  return { rows, columns };
}

function along({ stride, padding, dilation }, i) {
  const of = (value) => (Array.isArray(value) ? value[i] : value);
  return { stride: of(stride), padding: of(padding), dilation: of(dilation) };
}

/** For each index of the padded axis the pixel it shows: its index, or -1 where zeros stand. */
export function padIndices({ size, before, after }, mode = "zeros") {
  return Int32Array.from({ length: before + size + after }, (_, i) => sourceIndex(i - before, size, mode));
}

/** The pixel that stands at `index`, which may lie outside 0..size-1; -1 for a zero. */
export function sourceIndex(index, size, mode = "zeros") {
  if (index >= 0 && index < size) return index;
  if (mode === "zeros") return -1;
  if (mode === "edge" || size === 1) return index < 0 ? 0 : size - 1;
  if (mode !== "reflect") throw new RangeError(`the pad mode is "zeros", "reflect" or "edge", but got ${mode}`);
  const period = 2 * (size - 1); // the border pixel itself is not repeated
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}
