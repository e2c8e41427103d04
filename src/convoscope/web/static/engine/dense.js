import { tensor } from "./tensor.js";

/** Every input to every unit. kernel: (inputs, units) as in Keras; bias: (units) or null. */
export function dense(input, kernel, bias) {
  const [inputs, units] = kernel.shape;
  if (input.data.length !== inputs) {
    throw new RangeError(`a dense layer has a kernel for ${inputs} inputs, and ${input.data.length} came`);
  }
  const output = tensor([units], bias ? Float32Array.from(bias.data) : undefined);
  for (let i = 0; i < inputs; i++) {
    const value = input.data[i];
    if (value === 0) continue;
    for (let u = 0, w = i * units; u < units; u++, w++) output.data[u] += value * kernel.data[w];
  }
  return output;
}

/** The gradient of `dense` with respect to its input. */
export function denseInputGradient(gradient, kernel) {
  const [inputs, units] = kernel.shape;
  const result = tensor([inputs]);
  for (let i = 0; i < inputs; i++) {
    let sum = 0;
    for (let u = 0, w = i * units; u < units; u++, w++) sum += gradient.data[u] * kernel.data[w];
    result.data[i] = sum;
  }
  return result;
}
