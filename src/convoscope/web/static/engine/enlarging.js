// What makes images larger: a convolution walked the other way, and pixels that become blocks.

import { convolve, convolveInputGradient } from "./convolution.js";
import { windows } from "./geometry.js";
import { imageShape, tensor } from "./tensor.js";

/**
 * Paints the kernel at every pixel, as strongly as that is bright, and adds up. kernel: (height, width, out, in) as in
 * Keras; bias: (out) or null. options: {stride, padding, outputPadding (null: Keras' choice), dilation}, of one value or
 * of [rows, columns].
 */
export function convolveTransposed(input, kernel, bias, options = {}) {
  const { shape, mirrored } = paint(input.shape, kernel, options);
  const output = convolveInputGradient(input, shape, kernel, mirrored);
  if (bias) for (let i = 0; i < output.data.length; i++) output.data[i] += bias.data[i % bias.data.length];
  return output;
}

/** The gradient of `convolveTransposed` with respect to its input, from that of its output. */
export function convolveTransposedInputGradient(gradient, inputShape, kernel, options = {}) {
  return convolve(gradient, kernel, null, paint(inputShape, kernel, options).mirrored);
}

/**
 * What meets at each row and each column of the painted image: pairs [old row, kernel row], the first of the old ones
 * first; none where no painted kernel reaches. options: as of `convolveTransposed`.
 */
export function meetings(inputShape, kernel, options = {}) {
  const { shape, mirrored } = paint(inputShape, kernel, options);
  const { rows, columns } = windows(shape, kernel.shape[0], kernel.shape[1], mirrored);
  return { rows: meeting(rows, inputShape[0]), columns: meeting(columns, inputShape[1]) };
}

function meeting({ size, kernel, stride, dilation, before }, length) {
  return Array.from({ length: size }, (_, position) =>
    Array.from({ length: kernel }, (__, cell) => [(position + before - cell * dilation) / stride, cell])
      .filter(([index]) => Number.isInteger(index) && index >= 0 && index < length)
      .reverse(),
  );
}

/** The painted image's shape, and the convolution that would make the input's shape of it. */
function paint(inputShape, kernel, { stride = 1, padding = "valid", outputPadding = null, dilation = 1 }) {
  const [height, width, channels] = imageShape({ shape: inputShape }, "a transposed convolution");
  const [kernelHeight, kernelWidth, filters, takes] = kernel.shape;
  if (takes !== channels) {
    throw new RangeError(`a transposed convolution has a kernel for ${takes} channels, and its input has ${channels}`);
  }
  const both = (value) => (Array.isArray(value) ? value : [value, value]);
  const [strides, dilations, extras] = [stride, dilation, outputPadding].map(both);
  const reach = [kernelHeight, kernelWidth].map((size, i) => dilations[i] * (size - 1) + 1);
  const axes = [height, width].map((size, i) => painted(size, reach[i], strides[i], padding, extras[i]));
  return {
    shape: [...axes.map(({ size }) => size), filters],
    mirrored: { stride: strides, dilation: dilations, padding: axes.map((each) => each.padding) },
  };
}

function painted(length, reach, stride, padding, extra) {
  const between = (length - 1) * stride; // the first and the last kernel
  if (padding === "valid") return { size: between + reach + (extra ?? Math.max(stride - reach, 0)), padding };
  const size = extra === null ? length * stride : between + (reach % 2) + extra;
  return { size, padding: size > between ? padding : reach / 2 }; // else "same" would have one position less
}

/** Each pixel as a block of pixels. options: {size: [rows, columns], bilinear: whether blocks pass over evenly}. */
export function enlarge(input, options) {
  const [height, width, channels] = imageShape(input, "upsampling");
  const output = tensor([height * options.size[0], width * options.size[1], channels]);
  eachShare(input.shape, options, (from, to, share) => {
    for (let c = 0; c < channels; c++) output.data[to + c] += share * input.data[from + c];
  });
  return output;
}

/** The gradient of `enlarge` with respect to its input. */
export function enlargeInputGradient(gradient, inputShape, options) {
  const result = tensor(inputShape);
  eachShare(inputShape, options, (from, to, share) => {
    for (let c = 0; c < inputShape[2]; c++) result.data[from + c] += share * gradient.data[to + c];
  });
  return result;
}

/** For each row and each column of the enlarged image the old ones that it is made of: pairs [old row, its share]. */
export function origins([height, width], { size, bilinear }) {
  return { rows: shares(height, size[0], bilinear), columns: shares(width, size[1], bilinear) };
}

/** body(an old pixel's offset, a new pixel's offset, the old one's share in the new one) */
function eachShare(inputShape, options, body) {
  const [, width, channels] = inputShape;
  const { rows, columns } = origins(inputShape, options);
  rows.forEach((above, y) =>
    columns.forEach((beside, x) => {
      for (const [row, vertical] of above) {
        for (const [column, horizontal] of beside) {
          body((row * width + column) * channels, (y * columns.length + x) * channels, vertical * horizontal);
        }
      }
    }),
  );
}

/** For each new pixel along an axis the old ones that it is made of: [index, share]. */
function shares(length, size, bilinear) {
  return Array.from({ length: length * size }, (_, i) => {
    if (!bilinear) return [[Math.floor(i / size), 1]];
    const position = Math.min(Math.max((i + 0.5) / size - 0.5, 0), length - 1); // of its middle among the old middles
    const first = Math.floor(position);
    return position === first
      ? [[first, 1]]
      : [
          [first, 1 - (position - first)],
          [first + 1, position - first],
        ];
  });
}
