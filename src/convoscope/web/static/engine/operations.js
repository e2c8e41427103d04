// What a step can do: operation -> {forward(input, settings), backward(gradient, input, settings), sees}, where backward
// gives the gradient with respect to the input, and `sees` is what of the input an output depends on: one of the kinds in
// seeing.js. Where `joins` is true, the input is a list of tensors, and so is the gradient.

import { activate, activateInputGradient, byRow } from "./activation.js";
import {
  convolve,
  convolveApart,
  convolveApartInputGradient,
  convolveInputGradient,
  sumChannels,
} from "./convolution.js";
import { dense, denseInputGradient } from "./dense.js";
import {
  convolveTransposed,
  convolveTransposedInputGradient,
  enlarge,
  enlargeInputGradient,
  meetings,
  origins,
} from "./enlarging.js";
import { windows } from "./geometry.js";
import {
  combine,
  combineInputGradients,
  concatenate,
  concatenateInputGradients,
  offsets,
  sampleAxis,
  stretchedFrom,
} from "./joins.js";
import {
  permutation,
  repetition,
  resize,
  resized,
  resizeInputGradient,
  taken,
  takenInputGradient,
} from "./moving-values.js";
import { batchNormalize, batchNormalizeInputGradient } from "./normalization.js";
import { pad, unpadGradient } from "./padding.js";
import { pool, poolInputGradient } from "./pooling.js";
import { eachValue, everything, gathered, lastAxis, moved, regrouped, sideBySide, stretched, windowed } from "./seeing.js";
import { divideByBeside, divideByBesideInputGradient } from "./local-response.js";
import {
  normalizeSample,
  normalizeSampleInputGradient,
  standards,
  unitNormalize,
  unitNormalizeInputGradient,
} from "./sample-normalization.js";
import { count, imageShape, tensor } from "./tensor.js";

const map = (input, of) => tensor(input.shape, input.data.map(of));
const reshaped = (gradient, { shape }) => tensor(shape, gradient.data);

const underKernel = windowed((settings, shape) => windows(shape, ...settings.kernel.shape.slice(0, 2), settings));
const underWindow = windowed(({ size, stride, padding }, shape) => {
  const [height, width = height] = [size].flat();
  return windows(shape, height, width, { stride, padding });
});

/** What of an image in another size lies inside of the old one. */
function inside([height, width], settings) {
  const { rows, columns } = resized([height, width], settings);
  const within = (pairs, length) => pairs.map((each) => each.filter(([index]) => index >= 0 && index < length));
  return { rows: within(rows, height), columns: within(columns, width) };
}

export const OPERATIONS = {
  convolve: {
    forward: (input, { kernel, bias, ...options }) => convolve(input, kernel, bias, options),
    backward: (gradient, { shape }, { kernel, bias, ...options }) =>
      convolveInputGradient(gradient, shape, kernel, options),
    sees: underKernel,
  },
  convolve_apart: {
    forward: (input, { kernel, bias, ...options }) => convolveApart(input, kernel, bias, options),
    backward: (gradient, { shape }, { kernel, bias, ...options }) =>
      convolveApartInputGradient(gradient, shape, kernel, options),
    sees: underKernel,
  },
  sum_channels: {
    forward: (input, { bias }) => sumChannels(input, bias),
    backward: (gradient, { shape }) =>
      tensor(
        shape,
        Float32Array.from({ length: count(shape) }, (_, i) => gradient.data[Math.floor(i / shape[2])]),
      ),
    sees: eachValue,
  },
  convolve_transposed: {
    forward: (input, { kernel, bias, ...options }) => convolveTransposed(input, kernel, bias, options),
    backward: (gradient, { shape }, { kernel, bias, ...options }) =>
      convolveTransposedInputGradient(gradient, shape, kernel, options),
    sees: gathered((settings, shape) => meetings(shape, settings.kernel, settings)),
  },
  enlarge: {
    forward: (input, options) => enlarge(input, options),
    backward: (gradient, { shape }, options) => enlargeInputGradient(gradient, shape, options),
    sees: gathered((settings, shape) => origins(shape, settings)),
  },
  pool: {
    forward: (input, { mode, ...options }) => pool(input, mode, options).output,
    backward: (gradient, input, { mode, ...options }) => poolInputGradient(gradient, input, mode, options),
    sees: underWindow,
  },
  global_pool: { forward: poolAll, backward: poolAllGradient, sees: everything },
  activate: {
    forward: (input, { name, alpha }) => activate(input, name, alpha),
    backward: (gradient, input, { name, alpha }) => activateInputGradient(gradient, input, name, alpha),
    sees: (box, { settings }) => (byRow(settings.name) ? lastAxis(box) : box),
  },
  leak: {
    forward: (input, { slope }) => map(input, (x) => (x > 0 ? x : slope * x)),
    backward: (gradient, input, { slope }) => map(gradient, (g, i) => (input.data[i] > 0 ? g : slope * g)),
    sees: eachValue,
  },
  // Above the threshold the value, at most `most`; below it the slope times its distance from the threshold.
  rectify: {
    forward: (input, settings) => map(input, (x) => rectified(x, settings)),
    backward: (gradient, input, { most, slope, threshold }) =>
      map(gradient, (g, i) => (input.data[i] < threshold ? slope * g : most !== null && input.data[i] >= most ? 0 : g)),
    sees: eachValue,
  },
  leak_each: {
    forward: (input, { alpha }) => {
      const from = stretchedFrom(alpha.shape, input.shape);
      return map(input, (x, i) => (x > 0 ? x : alpha.data[from ? from[i] : i] * x));
    },
    backward: (gradient, input, { alpha }) => {
      const from = stretchedFrom(alpha.shape, input.shape);
      return map(gradient, (g, i) => (input.data[i] > 0 ? g : alpha.data[from ? from[i] : i] * g));
    },
    sees: eachValue,
  },
  crop: {
    forward: (input, { cropping }) => unpadGradient(input, ...croppedAxes(input.shape, cropping)),
    backward: (gradient, { shape }, { cropping }) => pad(gradient, ...croppedAxes(shape, cropping)),
    sees: moved(({ cropping: [[top], [left]] }) => [-top, -left]),
  },
  // What a byte holds: clipped to 0..255 and rounded, halves to the even number, as an 8-bit image of NumPy's is.
  bytes: {
    forward: (input) => tensor(input.shape, new Float32Array(new Uint8ClampedArray(input.data))),
    backward: (gradient, input) => map(gradient, (g, i) => (input.data[i] > 0 && input.data[i] < 255 ? g : 0)),
    sees: eachValue,
  },
  rescale: {
    forward: (input, { scale, offset }) => map(input, (x) => x * scale + offset),
    backward: (gradient, _, { scale }) => map(gradient, (g) => g * scale),
    sees: eachValue,
  },
  flatten: { forward: (input) => tensor([count(input.shape)], input.data), backward: reshaped, sees: regrouped },
  reshape: { forward: (input, { shape }) => tensor(settle(shape, input.data.length), input.data), backward: reshaped, sees: regrouped },
  zero_pad: {
    forward: (input, { padding }) => pad(input, ...paddedAxes(input, padding)),
    backward: (gradient, input, { padding }) => unpadGradient(gradient, ...paddedAxes(input, padding)),
    sees: moved(({ padding: [[top], [left]] }) => [top, left]),
  },
  dense: {
    forward: (input, { kernel, bias }) => dense(input, kernel, bias),
    backward: (gradient, _, { kernel }) => denseInputGradient(gradient, kernel),
    sees: lastAxis,
  },
  batch_normalize: {
    forward: (input, { epsilon, ...weights }) => batchNormalize(input, weights, epsilon),
    backward: (gradient, _, { epsilon, ...weights }) => batchNormalizeInputGradient(gradient, weights, epsilon),
    sees: eachValue,
  },
  normalize_sample: {
    forward: (input, settings) => normalizeSample(input, settings),
    backward: (gradient, input, settings) => normalizeSampleInputGradient(gradient, input, settings),
    sees: (box, about) => (about.settings.axes === 1 ? lastAxis : everything)(box, about),
  },
  normalize_unit: {
    forward: (input, settings) => unitNormalize(input, settings),
    backward: (gradient, input, settings) => unitNormalizeInputGradient(gradient, input, settings),
    sees: (box, about) => (about.settings.axes === 1 ? lastAxis : everything)(box, about),
  },
  normalize_beside: {
    forward: (input, settings) => divideByBeside(input, settings),
    backward: (gradient, input, settings) => divideByBesideInputGradient(gradient, input, settings),
    sees: lastAxis,
  },
  standardize: {
    forward(input, settings) {
      const of = standards(input.shape, settings);
      return map(input, (x, i) => x * of(i).scale + of(i).offset);
    },
    backward(gradient, input, settings) {
      const of = standards(input.shape, settings);
      return map(gradient, (g, i) => g * of(i).scale);
    },
    sees: eachValue,
  },
  permute: {
    forward: (input, { dims }) => taken(input, permutation(input.shape, dims)),
    backward: (gradient, input, { dims }) => takenInputGradient(gradient, input, permutation(input.shape, dims)),
    sees: everything,
  },
  repeat: {
    forward: (input, { times }) => taken(input, repetition(input.shape, times)),
    backward: (gradient, input, { times }) => takenInputGradient(gradient, input, repetition(input.shape, times)),
    sees: everything,
  },
  resize: { forward: resize, backward: resizeInputGradient, sees: gathered((settings, shape) => inside(shape, settings)) },
  combine: {
    joins: true,
    forward: (inputs, { mode }) => combine(inputs, mode),
    backward: (gradient, inputs, { mode }) => combineInputGradients(gradient, inputs, mode),
    sees: stretched,
  },
  concatenate: {
    joins: true,
    forward: (inputs, { axis }) => concatenate(inputs, axis),
    backward: (gradient, inputs, { axis }) => concatenateInputGradients(gradient, inputs, axis),
    sees: sideBySide(({ axis }, shapes) => ({
      axis: sampleAxis(axis, shapes[0].length),
      offsets: offsets(shapes, axis),
    })),
  },
};

/** The operation of a step, or an error in words. */
export function operationOf({ operation }) {
  if (!Object.hasOwn(OPERATIONS, operation)) {
    throw new RangeError(`a step's operation is one of ${Object.keys(OPERATIONS).join(", ")}, but got ${operation}`);
  }
  return OPERATIONS[operation];
}

function poolAll(input, { mode, keep }) {
  const [height, width, channels] = imageShape(input, "a global pooling");
  const output = tensor(keep ? [1, 1, channels] : [channels]);
  for (let c = 0; c < channels; c++) {
    let [sum, best] = [0, -Infinity];
    for (let i = c; i < input.data.length; i += channels) {
      sum += input.data[i];
      best = Math.max(best, input.data[i]);
    }
    output.data[c] = mode === "max" ? best : sum / (height * width);
  }
  return output;
}

function poolAllGradient(gradient, input, { mode }) {
  const channels = input.shape[2];
  const result = tensor(input.shape);
  const positions = input.data.length / channels;
  for (let c = 0; c < channels; c++) {
    if (mode !== "max") {
      for (let i = c; i < input.data.length; i += channels) result.data[i] = gradient.data[c] / positions;
      continue;
    }
    let best = c;
    for (let i = c; i < input.data.length; i += channels) if (input.data[i] > input.data[best]) best = i;
    result.data[best] = gradient.data[c];
  }
  return result;
}

/** A shape with its -1 replaced by what is left. */
function settle(shape, size) {
  const known = shape.reduce((product, axis) => (axis === -1 ? product : product * axis), 1);
  return shape.map((axis) => (axis === -1 ? size / known : axis));
}

/** One value through a rectifier with settings of its own. */
export function rectified(x, { most, slope, threshold }) {
  if (x < threshold) return slope * (x - threshold);
  return most !== null && x >= most ? most : x;
}

/** The axes of what is left, with what is cut off as if it were padding. */
function croppedAxes(shape, cropping) {
  return cropping.map(([before, after], i) => ({ size: shape[i] - before - after, before, after }));
}

function paddedAxes({ shape }, padding) {
  return padding.map(([before, after], i) => ({ size: shape[i], before, after }));
}
