// Which maps a map is made of, and how much each of them gives.
//
// Of a weighted sum (convolutions, dense layers): the size of the sum of products over that map alone, |Σ weight × value|,
// averaged over the output's positions. Of a sum of maps: the mean size of the values. Of what takes each map by itself
// (pooling, depthwise convolution, activation): that map alone.

import { meetings, windows } from "../../engine/index.js";

const BUDGET = 2_000_000; // products for one map; of larger ones every second, third, ... row and column is taken

export const EXPLAINED =
  "Thicker line: this map contributes more to the next, mean |Σ weight × value|. Point at a map for details, click to open its layer, Shift-click to turn it off.";

/**
 * How much each channel of each input gives to `channel` of a layer's output: a list of Float64Array, one for each of
 * `inputs` (tensors); null where the layer mixes values in another way. `shape`: of the output. `counts` says how many channels
 * each input has, where its values were flattened: unit i then belongs to channel i modulo that. After it `.every` is the
 * grid of rows and columns that was taken: 1 is all of them.
 */
export function contributionsTo(layer, inputs, shape, channel, counts = inputs.map((input) => input.shape.at(-1))) {
  const [step, second] = layer.steps;
  if (!step) return alone(inputs, channel, counts);
  if (second?.operation === "convolve") return convolved(multiplied(step, second, channel), inputs[0], 0, channel);
  if (step.operation === "convolve") return convolved(filterOf(step, channel), inputs[0], groupOf(step, channel), channel);
  if (step.operation === "convolve_transposed") return transposed(step, inputs[0], channel);
  if (step.operation === "dense") return weighed(step, inputs[0], channel, counts[0]);
  if (step.operation === "combine") return combined(step.mode, inputs, shape, channel);
  if (step.operation === "concatenate") return beside(step, inputs, shape, channel);
  return ONE_TO_ONE.includes(step.operation) && inputs.length === 1 ? alone(inputs, channel, counts) : null;
}

/** Operations that take each map by itself. */
export const ONE_TO_ONE = ["pool", "global_pool", "batch_normalize", "normalize_sample", "normalize_beside", "normalize_unit", "standardize",
  "rescale", "leak", "rectify", "leak_each", "crop", "activate", "zero_pad", "resize", "enlarge"]; // prettier-ignore

/** The mean size of a channel's values. */
export function meanSize({ data, shape }, channel, channels = shape.at(-1)) {
  let sum = 0;
  for (let i = channel; i < data.length; i += channels) sum += Math.abs(data[i]);
  return (sum * channels) / data.length;
}

function alone([input], channel, [channels]) {
  const found = new Float64Array(channels);
  if (channel < channels) found[channel] = meanSize(input, channel, channels) || Number.MIN_VALUE; // of zeros, too, it is all
  return [found];
}

/** The kernel of one filter, {data, kh, kw, channels, step}: data lie by row, column and channel. */
function filterOf(step, filter) {
  const [kh, kw, channels, filters] = step.kernel.shape;
  const data = new Float64Array(kh * kw * channels);
  for (let i = 0; i < data.length; i++) data[i] = step.kernel.data[i * filters + filter];
  return { data, kh, kw, channels, step };
}

/** The first channel that a filter takes, where they are in groups. */
function groupOf({ kernel, groups = 1 }, filter) {
  const [, , channels, filters] = kernel.shape;
  return Math.floor(filter / (filters / groups)) * channels;
}

/** A depthwise convolution and one of 1×1 as a single kernel. */
function multiplied({ kernel, groups: channels, ...step }, { kernel: mixing }, filter) {
  const [kh, kw, , between] = kernel.shape;
  const data = new Float64Array(kh * kw * channels);
  for (let cell = 0; cell < kh * kw; cell++)
    for (let middle = 0; middle < between; middle++)
      data[cell * channels + Math.floor((middle * channels) / between)] +=
        kernel.data[cell * between + middle] * mixing.data[middle * mixing.shape[3] + filter];
  return { data, kh, kw, channels, step };
}

function convolved({ data: weights, kh, kw, channels, step }, input, group) {
  const { rows, columns } = windows(input.shape, kh, kw, step);
  const all = input.shape[2];
  const every = gridFor(rows.out * columns.out * weights.length);
  const found = new Float64Array(all);
  const sums = new Float64Array(channels);
  let positions = 0;
  for (let row = 0; row < rows.out; row += every)
    for (let column = 0; column < columns.out; column += every) {
      sums.fill(0);
      for (let y = 0; y < kh; y++) {
        const top = row * rows.stride - rows.before + y * rows.dilation;
        if (top < 0 || top >= rows.size) continue;
        for (let x = 0; x < kw; x++) {
          const left = column * columns.stride - columns.before + x * columns.dilation;
          if (left < 0 || left >= columns.size) continue;
          const from = (top * columns.size + left) * all + group;
          const weight = (y * kw + x) * channels;
          for (let c = 0; c < channels; c++) sums[c] += weights[weight + c] * input.data[from + c];
        }
      }
      for (let c = 0; c < channels; c++) found[group + c] += Math.abs(sums[c]);
      positions++;
    }
  return onGrid([found.map((each) => each / positions)], every);
}

/** Every how many rows and columns are taken of a map that takes so many products. */
const gridFor = (products) => Math.max(1, Math.ceil(Math.sqrt(products / BUDGET)));
const onGrid = (found, every) => Object.assign(found, { every });

function transposed(step, input, filter) {
  const [, kw, filters, channels] = step.kernel.shape;
  const { rows, columns } = meetings(input.shape, step.kernel, step);
  const every = gridFor(rows.length * columns.length * (step.kernel.data.length / filters));
  const found = new Float64Array(channels);
  let positions = 0;
  for (let row = 0; row < rows.length; row += every)
    for (let column = 0; column < columns.length; column += every) {
      const sums = new Float64Array(channels);
      for (const [top, y] of rows[row])
        for (const [left, x] of columns[column]) {
          const weight = ((y * kw + x) * filters + filter) * channels;
          const from = (top * input.shape[1] + left) * channels;
          for (let c = 0; c < channels; c++) sums[c] += step.kernel.data[weight + c] * input.data[from + c];
        }
      sums.forEach((sum, c) => (found[c] += Math.abs(sum)));
      positions++;
    }
  return onGrid([found.map((each) => each / positions)], every);
}

/** A neuron: of each map that was flattened the sum of its products, of a row of neurons each product. */
function weighed({ kernel }, input, neuron, channels) {
  const [size, units] = kernel.shape;
  const rows = input.data.length / size;
  const found = new Float64Array(channels);
  for (let row = 0; row < rows; row++) {
    const sums = new Float64Array(channels);
    for (let i = 0; i < size; i++) sums[i % channels] += kernel.data[i * units + neuron] * input.data[row * size + i];
    sums.forEach((sum, c) => (found[c] += Math.abs(sum) / rows));
  }
  return [found];
}

/** Of a sum the mean size of what each input adds; of extremes the share of positions at which it is the one that is kept. */
function combined(mode, inputs, shape, channel) {
  const own = (input) => (input.shape.at(-1) === 1 ? 0 : channel);
  const found = inputs.map((input) => new Float64Array(input.shape.at(-1)));
  const extreme = ["maximum", "minimum"].includes(mode) && inputs.every(({ data }) => data.length === inputs[0].data.length);
  if (!extreme) {
    inputs.forEach((input, which) => (found[which][own(input)] = meanSize(input, own(input))));
    return found;
  }
  const channels = shape.at(-1);
  for (let i = channel; i < inputs[0].data.length; i += channels) {
    const values = inputs.map(({ data }) => data[i]);
    found[values.indexOf(mode === "maximum" ? Math.max(...values) : Math.min(...values))][channel] += channels / inputs[0].data.length;
  }
  return found;
}

/** Of maps side by side: the one that it is. */
function beside({ axis }, inputs, shape, channel) {
  const found = inputs.map((input) => new Float64Array(input.shape.at(-1)));
  if (axis < 0 ? axis !== -1 : axis !== shape.length) {
    inputs.forEach((input, which) => (found[which][channel] = meanSize(input, channel)));
    return found;
  }
  let left = channel;
  const which = found.findIndex(({ length }) => left < length || ((left -= length), false));
  found[which][left] = meanSize(inputs[which], left) || Number.MIN_VALUE;
  return found;
}
