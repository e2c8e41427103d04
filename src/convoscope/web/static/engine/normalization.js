import { tensor } from "./tensor.js";

/**
 * Batch normalization as a trained model applies it, over the last axis, with the moving mean and variance.
 * weights: {gamma, beta, mean, variance}, each (channels); gamma and beta may be null. epsilon: Keras' 1e-3.
 */
export function batchNormalize(input, weights, epsilon = 1e-3) {
  const scale = scales(weights, epsilon);
  const channels = scale.length;
  const shift = Float64Array.from(
    scale,
    (s, c) => (weights.beta ? weights.beta.data[c] : 0) - weights.mean.data[c] * s,
  );
  return tensor(
    input.shape,
    input.data.map((x, i) => x * scale[i % channels] + shift[i % channels]),
  );
}

/** The gradient of `batchNormalize` with respect to its input. */
export function batchNormalizeInputGradient(gradient, weights, epsilon = 1e-3) {
  const scale = scales(weights, epsilon);
  return tensor(
    gradient.shape,
    gradient.data.map((g, i) => g * scale[i % scale.length]),
  );
}

function scales({ gamma, variance }, epsilon) {
  return Float64Array.from(variance.data, (v, c) => (gamma ? gamma.data[c] : 1) / Math.sqrt(v + epsilon));
}
