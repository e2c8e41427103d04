import { tensor } from "./tensor.js";

/** Every value of the last axis to every unit. kernel: (inputs, units) as in Keras; bias: (units) or null. */
export function dense(input, kernel, bias) {
  const [inputs, units] = kernel.shape;
  if (input.shape.at(-1) !== inputs) {
    throw new RangeError(`a dense layer has a kernel for ${inputs} inputs, but got ${input.shape.at(-1)}`);
  }
  const output = tensor([...input.shape.slice(0, -1), units]);
  for (let from = 0, to = 0; from < input.data.length; from += inputs, to += units) {
    if (bias) output.data.set(bias.data, to);
    for (let i = 0; i < inputs; i++) {
      const value = input.data[from + i];
      if (value === 0) continue;
      for (let u = 0, w = i * units; u < units; u++, w++) output.data[to + u] += value * kernel.data[w];
    }
  }
  return output;
}

/** The gradient of `dense` with respect to its input. */
export function denseInputGradient(gradient, kernel) {
  const [inputs, units] = kernel.shape;
  const result = tensor([...gradient.shape.slice(0, -1), inputs]);
  for (let from = 0, to = 0; from < gradient.data.length; from += units, to += inputs) {
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let u = 0, w = i * units; u < units; u++, w++) sum += gradient.data[from + u] * kernel.data[w];
      result.data[to + i] = sum;
    }
  }
  return result;
}
