// A picture that excites one value as much as possible, by gradient ascent from noise: explore/maximize.py has the same.

import { generator } from "../engine/random.js";
import { imageShape } from "./images.js";

export const STEPS = 64;
const RATE = 0.06; // of the value range, in the first step
const LAST_RATE = 0.1; // of the first
const DECAY = 0.05; // to the middle of the value range
const SMOOTHING = 0.3; // to a pixel's neighbours
const NOISE = 0.1; // of the value range

/** By how many pixels a picture is moved at random: an eighth of the side of what the value sees, a box as in reach.js. */
export const jitterOf = ({ rows, columns }) => Math.min(8, Math.floor(Math.min(rows, columns) / 8));

/**
 * The pictures on the way, {image, value}: `network` gives the value at flat index `unit` of the layer at `position` and its
 * gradient. `shape` is the image's, `range` [low, high] its values', `seed` draws noise and movements. The last one is the
 * result, with the value that it reaches.
 */
export async function* ascent(network, { position, unit, shape, range: [low, high], jitter, seed, steps = STEPS }) {
  const next = generator(seed);
  const span = high - low;
  const middle = (low + high) / 2;
  let image = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => middle + NOISE * span * (next() - 0.5));
  const about = { position, unit };
  for (let step = 0; step < steps; step++) {
    const [down, right] = jitter ? [next(), next()].map((each) => Math.floor(each * (2 * jitter + 1)) - jitter) : [0, 0];
    const moved = Float32Array.from(rolled(image, shape, down, right));
    const [value, gradient] = await network.pull({ ...about, image: { data: moved, shape } });
    const rate = RATE * (1 - ((1 - LAST_RATE) * step) / Math.max(steps - 1, 1));
    image = stepped(image, rolled(gradient.data, shape, -down, -right), { shape, low, high, rate });
    yield { image: { data: Float32Array.from(image), shape }, value: value.data[0] };
  }
  const result = { data: Float32Array.from(image), shape };
  const [value] = await network.pull({ ...about, image: result });
  yield { image: result, value: value.data[0] };
}

/** The image after one more step along the gradient, which counts in the same size each time. */
function stepped(image, gradient, { shape, low, high, rate }) {
  const span = high - low;
  const middle = (low + high) / 2;
  let [squares, used] = [0, 0];
  for (const each of gradient) if (each !== 0) [squares, used] = [squares + each * each, used + 1];
  const size = used ? Math.sqrt(squares / used) : 1;
  const bend = shape.length > 1 ? laplacian(image, shape) : new Float64Array(image.length);
  return image.map((value, i) => {
    const ahead = gradient[i] / size - (DECAY * (value - middle)) / span + (SMOOTHING * bend[i]) / span;
    return Math.min(Math.max(value + rate * span * ahead, low), high);
  });
}

/** The sum of the differences from each pixel to its four neighbours; edges are repeated. */
function laplacian(image, shape) {
  const [height, width, channels] = [shape[0], shape[1], shape[2] ?? 1];
  const at = (row, column, c) =>
    image[(Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1)) * channels + c];
  return image.map((value, i) => {
    const c = i % channels;
    const pixel = (i - c) / channels;
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    return at(row - 1, column, c) + at(row + 1, column, c) + at(row, column - 1, c) + at(row, column + 1, c) - 4 * value;
  });
}

/** An image moved by rows and columns; what leaves it comes in on the other side. */
function rolled(data, shape, down, right) {
  if (!down && !right) return data;
  const [height, width, channels] = [shape[0], shape[1], shape[2] ?? 1];
  const found = data.slice();
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const to = (((row + down + height) % height) * width + ((column + right + width) % width)) * channels;
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) found[to + c] = data[from + c];
    }
  return found;
}

/** The part of an image in a box, as in reach.js; null is all of it. */
export function cut({ data, shape }, box) {
  const [height, width, channels] = imageShape(shape);
  const { top, left, rows, columns } = inside(box, height, width);
  const found = new Float32Array(rows * columns * channels);
  for (let row = 0; row < rows; row++) {
    const from = ((top + row) * width + left) * channels;
    found.set(data.subarray(from, from + columns * channels), row * columns * channels);
  }
  return { data: found, shape: [rows, columns, channels] };
}

/** A box without what lies beyond the image. */
function inside(box, height, width) {
  if (!box || box.rows === undefined) return { top: 0, left: 0, rows: height, columns: width };
  const [top, left] = [Math.max(0, box.top), Math.max(0, box.left)];
  const [bottom, right] = [Math.min(height, box.top + box.rows), Math.min(width, box.left + box.columns)];
  return { top, left, rows: bottom - top, columns: right - left };
}

/** The value in the middle of a channel's map, by its flat index; of a layer without maps the neuron itself. */
export function middleOf(shape, channel) {
  if (shape.length < 3) return channel;
  const [height, width, channels] = shape;
  return (Math.floor(height / 2) * width + Math.floor(width / 2)) * channels + channel;
}
