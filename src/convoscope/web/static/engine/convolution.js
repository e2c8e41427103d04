// Convolution as neural networks have it: the kernel is not flipped (a correlation).
// options: {stride, padding, dilation, padMode}, see geometry.js.

import { windows } from "./geometry.js";
import { pad, unpadGradient } from "./padding.js";
import { imageShape, tensor } from "./tensor.js";

/**
 * Every input channel into every output channel, or, with {groups}, each group of channels into a group of its own.
 * kernel: (height, width, in / groups, out) as in Keras; bias: (out) or null.
 */
export function convolve(input, kernel, bias, options = {}) {
  const { rows, columns, channels, filters, groups } = plan(input.shape, kernel, options, "a convolution");
  const [takes, makes] = [channels / groups, filters / groups];
  const padded = pad(input, rows, columns, options.padMode);
  const output = tensor([rows.out, columns.out, filters]);
  const [source, weights, target] = [padded.data, kernel.data, output.data];
  const width = padded.shape[1];
  for (let y = 0, to = 0; y < rows.out; y++) {
    for (let x = 0; x < columns.out; x++, to += filters) {
      if (bias) for (let f = 0; f < filters; f++) target[to + f] = bias.data[f];
      for (let ky = 0; ky < rows.kernel; ky++) {
        const row = (y * rows.stride + ky * rows.dilation) * width;
        for (let kx = 0; kx < columns.kernel; kx++) {
          const from = (row + x * columns.stride + kx * columns.dilation) * channels;
          const first = (ky * columns.kernel + kx) * takes * filters;
          for (let g = 0; g < groups; g++) {
            const [begin, end] = [g * makes, (g + 1) * makes];
            for (let c = 0, w = first; c < takes; c++, w += filters) {
              const value = source[from + g * takes + c];
              if (value === 0) continue; // after ReLU about half of the inputs
              for (let f = begin; f < end; f++) target[to + f] += value * weights[w + f];
            }
          }
        }
      }
    }
  }
  return output;
}

/** The gradient of `convolve` with respect to its input, from that of its output. */
export function convolveInputGradient(gradient, inputShape, kernel, options = {}) {
  const { rows, columns, channels, filters, groups } = plan(inputShape, kernel, options, "a convolution");
  const [takes, makes] = [channels / groups, filters / groups];
  const { target, width, padded } = paddedZeros(rows, columns, channels);
  const [source, weights] = [gradient.data, kernel.data];
  for (let y = 0, from = 0; y < rows.out; y++) {
    for (let x = 0; x < columns.out; x++, from += filters) {
      for (let ky = 0; ky < rows.kernel; ky++) {
        const row = (y * rows.stride + ky * rows.dilation) * width;
        for (let kx = 0; kx < columns.kernel; kx++) {
          const to = (row + x * columns.stride + kx * columns.dilation) * channels;
          const first = (ky * columns.kernel + kx) * takes * filters;
          for (let g = 0; g < groups; g++) {
            const [begin, end] = [g * makes, (g + 1) * makes];
            for (let c = 0, w = first; c < takes; c++, w += filters) {
              let sum = 0;
              for (let f = begin; f < end; f++) sum += source[from + f] * weights[w + f];
              target[to + g * takes + c] += sum;
            }
          }
        }
      }
    }
  }
  return unpadGradient(padded, rows, columns, options.padMode);
}

/** Each channel with its own kernel, kept apart. kernel: (height, width, channels); bias: (channels) or null. */
export function convolveApart(input, kernel, bias, options = {}) {
  const { rows, columns, channels } = plan(input.shape, kernel, options, "a convolution of each channel");
  const padded = pad(input, rows, columns, options.padMode);
  const output = tensor([rows.out, columns.out, channels]);
  const line = padded.shape[1] * channels;
  const walk = {
    channels,
    line,
    step: columns.stride * channels,
    lines: rows.stride * line,
    width: columns.out * channels,
  };
  if (rows.kernel === 3 && columns.kernel === 3 && columns.stride === 1 && columns.dilation === 1) {
    slide(output.data, padded.data, walk, kernel.data, bias?.data);
    return output;
  }
  for (let c = 0; c < channels; c++) {
    const taps = [];
    for (let i = 0; i < rows.kernel * columns.kernel; i++) {
      const weight = kernel.data[i * channels + c];
      const [ky, kx] = [Math.floor(i / columns.kernel), i % columns.kernel];
      if (weight) taps.push({ weight, offset: ky * rows.dilation * line + kx * columns.dilation * channels });
    }
    if (bias?.data[c]) for (let to = c; to < output.data.length; to += channels) output.data[to] = bias.data[c];
    for (let i = 0; i < taps.length; i += 9) addTaps(output.data, padded.data, c, walk, taps.slice(i, i + 9));
  }
  return output;
}

/** 3×3 kernels that move on by one, a row of all channels after the other: what they share is in the cache by then. */
function slide(target, source, { channels, line, lines, width }, kernel, bias) {
  const weights = Array.from({ length: channels }, (_, c) =>
    Float64Array.from({ length: 9 }, (_, i) => kernel[i * channels + c]),
  );
  for (let to = 0, row = 0; to < target.length; to += width, row += lines)
    for (let c = 0; c < channels; c++)
      slideRow(target, source, to + c, to + c + width, row + c, channels, line, weights[c], bias ? bias[c] : 0);
}

/** One channel's row: of nine pixels six are known from the position before. */
function slideRow(target, source, to, end, upper, step, line, weights, bias) {
  const [a, b, c, d, e, f, g, h, i] = weights;
  let [middle, lower] = [upper + line, upper + 2 * line];
  let [p, s, v] = [source[upper], source[middle], source[lower]];
  let [q, t, w] = [source[(upper += step)], source[(middle += step)], source[(lower += step)]];
  for (; to < end; to += step) {
    const r = source[(upper += step)];
    const u = source[(middle += step)];
    const x = source[(lower += step)];
    target[to] = bias + (a * p + b * q + c * r) + (d * s + e * t + f * u) + (g * v + h * w + i * x);
    p = q;
    q = r;
    s = t;
    t = u;
    v = w;
    w = x;
  }
}

/** Up to nine weights over the whole image at once: a 3×3 writes every output value only once. */
function addTaps(target, source, channel, { channels, step, lines, width }, taps) {
  const [a, b, c, d, e, f, g, h, i] = Array.from({ length: 9 }, (_, t) => taps[t]?.weight ?? 0);
  const [A, B, C, D, E, F, G, H, I] = Array.from({ length: 9 }, (_, t) => taps[t]?.offset ?? 0);
  for (let to = channel, row = channel; to < target.length; row += lines) {
    for (let at = row, end = to + width; to < end; to += channels, at += step) {
      target[to] +=
        a * source[at + A] +
        b * source[at + B] +
        c * source[at + C] +
        d * source[at + D] +
        e * source[at + E] +
        f * source[at + F] +
        g * source[at + G] +
        h * source[at + H] +
        i * source[at + I];
    }
  }
}

/** The gradient of `convolveApart` with respect to its input. */
export function convolveApartInputGradient(gradient, inputShape, kernel, options = {}) {
  const { rows, columns, channels } = plan(inputShape, kernel, options, "a convolution of each channel");
  const { target, width, padded } = paddedZeros(rows, columns, channels);
  for (let y = 0, from = 0; y < rows.out; y++) {
    for (let x = 0; x < columns.out; x++, from += channels) {
      for (let ky = 0; ky < rows.kernel; ky++) {
        const row = (y * rows.stride + ky * rows.dilation) * width;
        for (let kx = 0; kx < columns.kernel; kx++) {
          const to = (row + x * columns.stride + kx * columns.dilation) * channels;
          const w = (ky * columns.kernel + kx) * channels;
          for (let c = 0; c < channels; c++) target[to + c] += gradient.data[from + c] * kernel.data[w + c];
        }
      }
    }
  }
  return unpadGradient(padded, rows, columns, options.padMode);
}

/** The channels' sum plus a bias: (height, width, 1). */
export function sumChannels(input, bias = 0) {
  const [height, width, channels] = imageShape(input, "the sum of channels");
  const output = tensor([height, width, 1]);
  const [source, target] = [input.data, output.data];
  if (channels === 3) {
    for (let i = 0, from = 0; i < target.length; i++, from += 3) {
      target[i] = bias + source[from] + source[from + 1] + source[from + 2];
    }
    return output;
  }
  for (let i = 0, from = 0; i < target.length; i++) {
    let sum = bias;
    for (let c = 0; c < channels; c++) sum += source[from++];
    target[i] = sum;
  }
  return output;
}

function plan(inputShape, kernel, options, who) {
  const [, , channels] = imageShape({ shape: inputShape }, who);
  const [height, width, takes, filters] = kernel.shape;
  const { groups = 1 } = options;
  if (takes * groups !== channels) {
    throw new RangeError(`${who} has a kernel for ${takes * groups} channels, and its input has ${channels}`);
  }
  return { ...windows(inputShape, height, width, options), channels, filters, groups };
}

function paddedZeros(rows, columns, channels) {
  const width = columns.before + columns.size + columns.after;
  const padded = tensor([rows.before + rows.size + rows.after, width, channels]);
  return { target: padded.data, width, padded };
}
