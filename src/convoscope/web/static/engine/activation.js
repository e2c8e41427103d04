import { tensor } from "./tensor.js";

// name -> [value, slope from (x, y)]
const POINTWISE = {
  linear: [(x) => x, () => 1],
  relu: [(x) => (x > 0 ? x : 0), (x) => (x > 0 ? 1 : 0)],
  leaky_relu: [(x) => (x > 0 ? x : 0.2 * x), (x) => (x > 0 ? 1 : 0.2)], // Keras 3's slope
  absolute: [Math.abs, Math.sign],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), (_, y) => y * (1 - y)],
  tanh: [Math.tanh, (_, y) => 1 - y * y],
  elu: [(x) => (x > 0 ? x : Math.expm1(x)), (x, y) => (x > 0 ? 1 : y + 1)],
};

export const ACTIVATIONS = [...Object.keys(POINTWISE), "softmax"];

/** One value through a pointwise activation. */
export function activateValue(x, name) {
  return pointwise(name)[0](x);
}

/** The activation of every value; softmax runs over the last axis. */
export function activate(input, name) {
  if (name === "linear") return input;
  if (name === "softmax") return softmax(input);
  return tensor(input.shape, input.data.map(pointwise(name)[0]));
}

/** The gradient with respect to the activation's input, given that input. */
export function activateInputGradient(gradient, input, name) {
  const output = activate(input, name);
  if (name === "softmax") return softmaxGradient(gradient, output);
  const slope = pointwise(name)[1];
  return tensor(
    input.shape,
    gradient.data.map((g, i) => g * slope(input.data[i], output.data[i])),
  );
}

function pointwise(name) {
  if (!Object.hasOwn(POINTWISE, name)) {
    throw new RangeError(`an activation is one of ${ACTIVATIONS.join(", ")}, and ${name} came`);
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
