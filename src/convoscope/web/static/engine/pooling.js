import { windows } from "./geometry.js";
import { imageShape, tensor } from "./tensor.js";

export const POOLINGS = ["max", "average", "min"];

/**
 * The biggest, the mean or the smallest of each window. options: {size, stride (as size), padding ("valid", "same")},
 * size and stride one number or [rows, columns].
 *
 * Returns {output, winners}: for max and min, `winners` has for each output value the index of the input value that it
 * took (the first of equals); for average it is null. Padding takes no part: a window at the border is a smaller one.
 */
export function pool(input, mode, options) {
  const [height, width, channels] = imageShape(input, "a pooling");
  const area = poolWindows(input.shape, mode, options);
  const output = tensor([area.rows.out, area.columns.out, channels]);
  const winners = mode === "average" ? null : new Int32Array(output.data.length);
  const sign = mode === "min" ? -1 : 1;
  let to = 0;
  for (let y = 0; y < area.rows.out; y++) {
    const [top, bottom] = inside(area.rows, y, height);
    for (let x = 0; x < area.columns.out; x++) {
      const [left, right] = inside(area.columns, x, width);
      for (let c = 0; c < channels; c++, to++) {
        let best = (top * width + left) * channels + c;
        let sum = 0;
        for (let row = top; row < bottom; row++) {
          for (let column = left; column < right; column++) {
            const at = (row * width + column) * channels + c;
            sum += input.data[at];
            if (sign * input.data[at] > sign * input.data[best]) best = at;
          }
        }
        if (winners) {
          winners[to] = best;
          output.data[to] = input.data[best];
        } else {
          output.data[to] = sum / ((bottom - top) * (right - left));
        }
      }
    }
  }
  return { output, winners };
}

/** The gradient of `pool` with respect to its input: to the winner alone, or to all of a mean's pixels alike. */
export function poolInputGradient(gradient, input, mode, options) {
  const result = tensor(input.shape);
  if (mode !== "average") {
    const { winners } = pool(input, mode, options);
    gradient.data.forEach((value, i) => (result.data[winners[i]] += value));
    return result;
  }
  const [height, width, channels] = input.shape;
  const area = poolWindows(input.shape, mode, options);
  let from = 0;
  for (let y = 0; y < area.rows.out; y++) {
    const [top, bottom] = inside(area.rows, y, height);
    for (let x = 0; x < area.columns.out; x++) {
      const [left, right] = inside(area.columns, x, width);
      const share = 1 / ((bottom - top) * (right - left));
      for (let c = 0; c < channels; c++, from++) {
        for (let row = top; row < bottom; row++) {
          for (let column = left; column < right; column++) {
            result.data[(row * width + column) * channels + c] += gradient.data[from] * share;
          }
        }
      }
    }
  }
  return result;
}

function poolWindows(shape, mode, { size, stride = size, padding = "valid" }) {
  if (!POOLINGS.includes(mode)) throw new RangeError(`pooling is ${POOLINGS.join(", ")}, but got ${mode}`);
  const [height, width] = Array.isArray(size) ? size : [size, size];
  return windows(shape, height, width, { stride, padding });
}

function inside(along, index, size) {
  const first = index * along.stride - along.before;
  return [Math.max(first, 0), Math.min(first + along.kernel, size)];
}
