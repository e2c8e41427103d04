import { tensor } from "./tensor.js";

const [SELU_ALPHA, SELU_SCALE] = [1.6732632423543772, 1.0507009873554805];

// name -> [value, slope from (x, y)]; the last argument of either is elu's depth
const POINTWISE = {
  linear: [(x) => x, () => 1],
  relu: [(x) => (x > 0 ? x : 0), (x) => (x > 0 ? 1 : 0)],
  leaky_relu: [(x) => (x > 0 ? x : 0.2 * x), (x) => (x > 0 ? 1 : 0.2)], // Keras 3's slope
  absolute: [Math.abs, Math.sign],
  sigmoid: [sigmoid, (_, y) => y * (1 - y)],
  tanh: [Math.tanh, (_, y) => 1 - y * y],
  elu: [(x, alpha = 1) => (x > 0 ? x : alpha * Math.expm1(x)), (x, y, alpha = 1) => (x > 0 ? 1 : y + alpha)],
  gelu: [(x) => x * normal(x), (x) => normal(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)],
  silu: [(x) => x * sigmoid(x), (x, y) => y + sigmoid(x) * (1 - y)],
  relu6: [relu6, (x) => (x > 0 && x < 6 ? 1 : 0)],
  selu: [
    (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    (x, y) => (x > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA),
  ],
  softplus: [softplus, sigmoid],
  softsign: [(x) => x / (1 + Math.abs(x)), (x) => 1 / (1 + Math.abs(x)) ** 2],
  hard_sigmoid: [(x) => relu6(x + 3) / 6, (x) => (x > -3 && x < 3 ? 1 / 6 : 0)],
  hard_silu: [(x) => (x * relu6(x + 3)) / 6, (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6)],
  mish: [(x) => x * Math.tanh(softplus(x)), mishSlope],
  exponential: [Math.exp, (_, y) => y],
};

/** Those that a filter can have; trained layers have a few more. */
export const ACTIVATIONS = [
  "linear",
  "relu",
  "leaky_relu",
  "absolute",
  "sigmoid",
  "tanh",
  "elu",
  "softmax",
];

function relu6(x) {
  return Math.min(Math.max(x, 0), 6);
}

function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function mishSlope(x) {
  const squeezed = Math.tanh(softplus(x));
  return squeezed + x * (1 - squeezed * squeezed) * sigmoid(x);
}

function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/** The standard normal distribution function: Abramowitz and Stegun 7.1.26, right to 1e-7. */
function normal(x) {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = (series * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? tail : 1 - tail;
}

/** One value through a pointwise activation. */
export function activateValue(x, name, alpha) {
  return pointwise(name)[0](x, alpha);
}

const BY_ROW = { softmax: [softmax, softmaxGradient], log_softmax: [logSoftmax, logSoftmaxGradient] };

/** Whether an activation's values depend on all of the last axis. */
export const byRow = (name) => Object.hasOwn(BY_ROW, name);

/** The activation of every value; softmax runs over the last axis. */
export function activate(input, name, alpha) {
  if (name === "linear") return input;
  if (byRow(name)) return BY_ROW[name][0](input);
  const value = pointwise(name)[0];
  return tensor(
    input.shape,
    input.data.map((x) => value(x, alpha)),
  );
}

/** The gradient with respect to the activation's input, given that input. */
export function activateInputGradient(gradient, input, name, alpha) {
  const output = activate(input, name, alpha);
  if (byRow(name)) return BY_ROW[name][1](gradient, output);
  const slope = pointwise(name)[1];
  return tensor(
    input.shape,
    gradient.data.map((g, i) => g * slope(input.data[i], output.data[i], alpha)),
  );
}

function pointwise(name) {
  if (!Object.hasOwn(POINTWISE, name)) {
    const known = [...Object.keys(POINTWISE), ...Object.keys(BY_ROW)].join(", ");
    throw new RangeError(`an activation is one of ${known}, but got ${name}`);
  }
  return POINTWISE[name];
}

function softmax(input) {
  const size = input.shape.at(-1);
  const output = tensor(input.shape);
  for (let start = 0; start < input.data.length; start += size) {
    const row = input.data.subarray(start, start + size);
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = Float64Array.from(row, (x) => Math.exp(x - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    output.data.set(
      powers.map((p) => p / sum),
      start,
    );
  }
  return output;
}

function softmaxGradient(gradient, output) {
  const size = output.shape.at(-1);
  const result = tensor(output.shape);
  for (let start = 0; start < output.data.length; start += size) {
    let dot = 0;
    for (let i = start; i < start + size; i++) dot += gradient.data[i] * output.data[i];
    for (let i = start; i < start + size; i++) result.data[i] = output.data[i] * (gradient.data[i] - dot);
  }
  return result;
}

function logSoftmax(input) {
  const size = input.shape.at(-1);
  const output = tensor(input.shape);
  for (let start = 0; start < input.data.length; start += size) {
    const row = input.data.subarray(start, start + size);
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const logarithm = Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
    output.data.set(
      row.map((x) => x - top - logarithm),
      start,
    );
  }
  return output;
}

function logSoftmaxGradient(gradient, output) {
  const size = output.shape.at(-1);
  const result = tensor(output.shape);
  for (let start = 0; start < output.data.length; start += size) {
    let total = 0;
    for (let i = start; i < start + size; i++) total += gradient.data[i];
    for (let i = start; i < start + size; i++) result.data[i] = gradient.data[i] - Math.exp(output.data[i]) * total;
  }
  return result;
}
