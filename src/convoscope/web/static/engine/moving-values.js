// What only moves values, or puts images into another size.

import { count, tensor } from "./tensor.js";

/** For each index of what comes out the one that it is taken from, where axes change places. dims: from 1, as Keras has them. */
export function permutation(shape, dims) {
  const axes = dims.map((dim) => dim - 1);
  const made = axes.map((axis) => shape[axis]);
  const strides = axes.map((axis) => count(shape.slice(axis + 1)));
  const indices = new Int32Array(count(made));
  const places = made.map(() => 0);
  for (let i = 0; i < indices.length; i++) {
    indices[i] = places.reduce((sum, place, axis) => sum + place * strides[axis], 0);
    for (let axis = made.length - 1; axis >= 0 && ++places[axis] === made[axis]; axis--) places[axis] = 0;
  }
  return { shape: made, indices };
}

/** The same for a row that is repeated. */
export const repetition = ([size], times) => ({
  shape: [times, size],
  indices: Int32Array.from({ length: times * size }, (_, i) => i % size),
});

/** Each value taken from an index. */
export const taken = (input, { shape, indices }) => tensor(shape, Float32Array.from(indices, (i) => input.data[i]));

/** The gradient of `taken`: what is taken several times adds up. */
export function takenInputGradient(gradient, { shape }, { indices }) {
  const result = tensor(shape);
  indices.forEach((from, to) => (result.data[from] += gradient.data[to]));
  return result;
}

/**
 * For each row and each column of an image in another size the old ones that it is made of: pairs [old one, share]. They
 * may lie outside of the image, where a fill value stands. settings: {size, bilinear, keep: null, "crop", "pad" or "cut"}.
 */
export function resized([height, width], settings) {
  const { size, bilinear } = settings;
  const [rows, columns] = partOf([height, width], settings);
  return { rows: between(rows, size[0], bilinear), columns: between(columns, size[1], bilinear) };
}

/** The part that is brought to size: on each axis [first pixel, length]. */
function partOf([height, width], { size: [tall, wide], keep }) {
  if (keep === "cut" && height >= tall && width >= wide) return [[(height - tall) >> 1, tall], [(width - wide) >> 1, wide]]; // prettier-ignore
  if (keep === "cut" || keep === "crop") {
    const rows = Math.max(Math.min(height, Math.floor((width * tall) / wide)), 1);
    const columns = Math.max(Math.min(width, Math.floor((height * wide) / tall)), 1);
    return [[(height - rows) >> 1, rows], [(width - columns) >> 1, columns]]; // prettier-ignore
  }
  if (keep === "pad") {
    const above = (Math.max(height, Math.floor((width * tall) / wide)) - height) >> 1;
    const before = (Math.max(width, Math.floor((height * wide) / tall)) - width) >> 1;
    return [[-above, height + 2 * above], [-before, width + 2 * before]]; // prettier-ignore
  }
  return [[0, height], [0, width]]; // prettier-ignore
}

function between([first, length], made, bilinear) {
  return Array.from({ length: made }, (_, i) => {
    if (!bilinear) return [[first + Math.floor(((2 * i + 1) * length) / (2 * made)), 1]];
    const at = ((i + 0.5) * length) / made - 0.5;
    const before = Math.floor(at);
    const [low, high] = [Math.max(before, 0), Math.min(before + 1, length - 1)];
    const share = low < high ? at - before : 0;
    return share ? [[first + low, 1 - share], [first + high, share]] : [[first + low, 1]]; // prettier-ignore
  });
}

/** An image in another size. */
export function resize(input, settings) {
  const [, , channels] = input.shape;
  const output = tensor([...settings.size, channels]);
  eachPart(input.shape, settings, (from, to, share) => {
    for (let c = 0; c < channels; c++) output.data[to + c] += share * (from < 0 ? settings.fill : input.data[from + c]);
  });
  return output;
}

/** The gradient of `resize`. */
export function resizeInputGradient(gradient, { shape }, settings) {
  const result = tensor(shape);
  eachPart(shape, settings, (from, to, share) => {
    if (from >= 0) for (let c = 0; c < shape[2]; c++) result.data[from + c] += share * gradient.data[to + c];
  });
  return result;
}

/** body(an old pixel's offset, −1 outside of the image, a new pixel's offset, the old one's share in the new one) */
function eachPart([height, width, channels], settings, body) {
  const { rows, columns } = resized([height, width], settings);
  rows.forEach((above, y) =>
    columns.forEach((beside, x) => {
      for (const [row, vertical] of above) {
        for (const [column, horizontal] of beside) {
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          body(inside ? (row * width + column) * channels : -1, (y * columns.length + x) * channels, vertical * horizontal);
        }
      }
    }),
  );
}
