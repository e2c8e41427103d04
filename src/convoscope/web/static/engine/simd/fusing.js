// The steps of a model as operations over numbered values, where a convolution takes with it the normalization and the
// activation behind it.

import { tensor } from "../tensor.js";

/** Bounds that an activation keeps a value between, where it does only that. */
function bounds(step) {
  const { operation, name, slope, most, threshold } = step;
  if (operation === "activate" && name === "relu") return [0, Infinity];
  if (operation === "activate" && name === "relu6") return [0, 6];
  if (operation === "leak" && slope === 0) return [0, Infinity];
  if (operation === "rectify" && slope === 0 && threshold === 0) return [0, most ?? Infinity];
  return null;
}

/**
 * Operations {step, from: [value], to: value, low, high}. The values of layers keep their numbers, as in model.js;
 * `kept` are those that must be there at the end, so that nothing is fused over them.
 */
export function fused({ layers, inputShapes }, kept) {
  let next = inputShapes.length + layers.length;
  const operations = [];
  const same = new Map(); // a value that is another one: of a layer that does nothing
  const known = (value) => same.get(value) ?? value;
  layers.forEach(({ steps, inputs }, position) => {
    const own = inputShapes.length + position;
    let from = inputs.map(known);
    if (!steps.length) same.set(own, from[0]);
    steps.forEach((step, i) => {
      const to = i === steps.length - 1 ? own : next++;
      operations.push({ step, from, to, low: -Infinity, high: Infinity });
      from = [to];
    });
  });
  const wanted = kept.map(known);
  const readers = new Map();
  for (const value of [...operations.flatMap(({ from }) => from), ...wanted])
    readers.set(value, (readers.get(value) ?? 0) + 1);
  const makes = new Map();
  const result = [];
  for (const operation of operations) {
    const before = makes.get(operation.from[0]);
    const alone = before && readers.get(operation.from[0]) === 1 && before.step.operation === "convolve";
    const limits = bounds(operation.step);
    if (alone && operation.step.operation === "batch_normalize" && before.high === Infinity && before.low === -Infinity) {
      before.step = normalized(before.step, operation.step);
    } else if (alone && limits && before.high === Infinity && before.low === -Infinity) {
      [before.low, before.high] = limits;
    } else {
      makes.set(operation.to, operation);
      result.push(operation);
      continue;
    }
    makes.delete(before.to);
    before.to = operation.to;
    makes.set(before.to, before);
  }
  return { operations: result, wanted };
}

/** A convolution that does what a normalization behind it did. */
function normalized(step, { gamma, beta, mean, variance, epsilon }) {
  const { kernel, bias } = step;
  const filters = kernel.shape.at(-1);
  const [scale, shift, scaled] = [new Float64Array(filters), new Float32Array(filters), kernel.data.slice()];
  for (let f = 0; f < filters; f++) {
    scale[f] = (gamma ? gamma.data[f] : 1) / Math.sqrt(variance.data[f] + epsilon);
    shift[f] = (beta ? beta.data[f] : 0) + ((bias ? bias.data[f] : 0) - mean.data[f]) * scale[f];
  }
  for (let from = 0; from < scaled.length; from += filters)
    for (let f = 0; f < filters; f++) scaled[from + f] *= scale[f];
  return {
    ...step,
    kernel: tensor(kernel.shape, scaled),
    bias: tensor([filters], shift),
  };
}
