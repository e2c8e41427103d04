// What a step can do: operation -> {forward(input, settings), backward(gradient, input, settings)}, where backward
// gives the gradient with respect to the input.

import { activate, activateInputGradient } from "./activation.js";
import {
  convolve,
  convolveApart,
  convolveApartInputGradient,
  convolveInputGradient,
  sumChannels,
} from "./convolution.js";
import { dense, denseInputGradient } from "./dense.js";
import { convolveTransposed, convolveTransposedInputGradient, enlarge, enlargeInputGradient } from "./enlarging.js";
import { batchNormalize, batchNormalizeInputGradient } from "./normalization.js";
import { pad, unpadGradient } from "./padding.js";
import { pool, poolInputGradient } from "./pooling.js";
import { count, imageShape, tensor } from "./tensor.js";

const map = (input, of) => tensor(input.shape, input.data.map(of));
const reshaped = (gradient, { shape }) => tensor(shape, gradient.data);

export const OPERATIONS = {
  convolve: {
    forward: (input, { kernel, bias, ...options }) => convolve(input, kernel, bias, options),
    backward: (gradient, { shape }, { kernel, bias, ...options }) =>
      convolveInputGradient(gradient, shape, kernel, options),
  },
  convolve_apart: {
    forward: (input, { kernel, bias, ...options }) => convolveApart(input, kernel, bias, options),
    backward: (gradient, { shape }, { kernel, bias, ...options }) =>
      convolveApartInputGradient(gradient, shape, kernel, options),
  },
  sum_channels: {
    forward: (input, { bias }) => sumChannels(input, bias),
    backward: (gradient, { shape }) =>
      tensor(
        shape,
        Float32Array.from({ length: count(shape) }, (_, i) => gradient.data[Math.floor(i / shape[2])]),
      ),
  },
  convolve_transposed: {
    forward: (input, { kernel, bias, ...options }) => convolveTransposed(input, kernel, bias, options),
    backward: (gradient, { shape }, { kernel, bias, ...options }) =>
      convolveTransposedInputGradient(gradient, shape, kernel, options),
  },
  enlarge: {
    forward: (input, options) => enlarge(input, options),
    backward: (gradient, { shape }, options) => enlargeInputGradient(gradient, shape, options),
  },
  pool: {
    forward: (input, { mode, ...options }) => pool(input, mode, options).output,
    backward: (gradient, input, { mode, ...options }) => poolInputGradient(gradient, input, mode, options),
  },
  global_pool: { forward: poolAll, backward: poolAllGradient },
  activate: {
    forward: (input, { name, alpha }) => activate(input, name, alpha),
    backward: (gradient, input, { name, alpha }) => activateInputGradient(gradient, input, name, alpha),
  },
  leak: {
    forward: (input, { slope }) => map(input, (x) => (x > 0 ? x : slope * x)),
    backward: (gradient, input, { slope }) => map(gradient, (g, i) => (input.data[i] > 0 ? g : slope * g)),
  },
  // What a byte holds: clipped to 0..255 and rounded, halves to the even number, as an 8-bit image of NumPy's is.
  bytes: {
    forward: (input) => tensor(input.shape, new Float32Array(new Uint8ClampedArray(input.data))),
    backward: (gradient, input) => map(gradient, (g, i) => (input.data[i] > 0 && input.data[i] < 255 ? g : 0)),
  },
  rescale: {
    forward: (input, { scale, offset }) => map(input, (x) => x * scale + offset),
    backward: (gradient, _, { scale }) => map(gradient, (g) => g * scale),
  },
  flatten: { forward: (input) => tensor([count(input.shape)], input.data), backward: reshaped },
  reshape: { forward: (input, { shape }) => tensor(settle(shape, input.data.length), input.data), backward: reshaped },
  zero_pad: {
    forward: (input, { padding }) => pad(input, ...paddedAxes(input, padding)),
    backward: (gradient, input, { padding }) => unpadGradient(gradient, ...paddedAxes(input, padding)),
  },
  dense: {
    forward: (input, { kernel, bias }) => dense(input, kernel, bias),
    backward: (gradient, _, { kernel }) => denseInputGradient(gradient, kernel),
  },
  batch_normalize: {
    forward: (input, { epsilon, ...weights }) => batchNormalize(input, weights, epsilon),
    backward: (gradient, _, { epsilon, ...weights }) => batchNormalizeInputGradient(gradient, weights, epsilon),
  },
};

/** The operation of a step, or an error in words. */
export function operationOf({ operation }) {
  if (!Object.hasOwn(OPERATIONS, operation)) {
    throw new RangeError(`a step's operation is one of ${Object.keys(OPERATIONS).join(", ")}, and ${operation} came`);
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

function paddedAxes({ shape }, padding) {
  return padding.map(([before, after], i) => ({ size: shape[i], before, after }));
}
