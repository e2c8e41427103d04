// A layer's map as it is before its activation, the sums of one filter at every place, and what became of them.

import { byRow, operationOf, tensor } from "../engine/index.js";

const POINTWISE = ["activate", "leak", "rectify", "leak_each"];

/** The steps that lead to a layer's activation of single values; null where it has none at its end. */
function stepsBefore({ steps }) {
  const last = steps.at(-1);
  return last && POINTWISE.includes(last.operation) && !byRow(last.name) ? steps.slice(0, -1) : null;
}

/** The steps of a layer without an activation of single values at their end. */
export const linearSteps = (layer) => stepsBefore(layer) ?? layer.steps;

/** Whether a layer ends with a function of each value alone: then `mapBefore` has an answer. */
export const hasActivation = (layer) => stepsBefore(layer) !== null;

/** What goes into the activation of map `channel`: (height, width, 1), from the tensors that the layer takes. */
export function mapBefore(layer, [input], channel) {
  const steps = stepsBefore(layer);
  if (steps.length === 0) return channelsOf(input, channel, 1);
  const before = steps.slice(0, -1).reduce((value, step) => operationOf(step).forward(value, step), input);
  const [step, seen] = oneFilter(steps.at(-1), before, channel);
  return operationOf(step).forward(seen, step);
}

/** A step with one of its filters alone, and what that filter sees. */
export function oneFilter(step, input, filter) {
  const { kernel, bias, groups = 1 } = step;
  const transposed = step.operation === "convolve_transposed"; // the filters are its last axis but one
  const axis = kernel.shape.length - (transposed ? 2 : 1);
  const inner = transposed ? kernel.shape.at(-1) : 1;
  const filters = kernel.shape[axis];
  const own = { kernel: sliced(kernel, axis, inner, filter), bias: bias && tensor([1], bias.data.slice(filter, filter + 1)) };
  if (groups === 1) return [{ ...step, ...own }, input];
  const takes = kernel.shape.at(-2);
  const group = Math.floor(filter / (filters / groups));
  return [{ ...step, ...own, groups: 1 }, channelsOf(input, group * takes, takes)];
}

/** One index of an axis, behind which `inner` values lie. */
export function sliced({ data, shape }, axis, inner, index) {
  const step = shape[axis] * inner;
  const values = new Float32Array(data.length / shape[axis]);
  for (let from = index * inner, to = 0; from < data.length; from += step, to += inner)
    for (let i = 0; i < inner; i++) values[to + i] = data[from + i];
  return tensor(shape.map((size, i) => (i === axis ? 1 : size)), values);
}

/** `count` channels of a tensor from `first` on. */
export function channelsOf({ data, shape }, first, count) {
  const channels = shape.at(-1);
  const values = new Float32Array((data.length / channels) * count);
  for (let from = first, to = 0; from < data.length; from += channels, to += count)
    for (let i = 0; i < count; i++) values[to + i] = data[from + i];
  return tensor([...shape.slice(0, -1), count], values);
}

/** What became of the values, counted. */
export function consequence(before, after, name) {
  const negative = before.reduce((count, each) => count + (each < 0), 0);
  const zero = after.reduce((count, each) => count + (each === 0), 0);
  const slack = 1e-5 * before.reduce((most, each) => Math.max(most, Math.abs(each)), 0); // both are of single precision
  const kept = before.reduce((count, each, i) => count + (after[i] !== 0 && Math.abs(after[i] - each) <= slack), 0);
  const all = before.length;
  const are = (count) => (count === all ? `All of its ${written(all)} values are` : `${written(count)} of its ${written(all)} values ${count === 1 ? "is" : "are"}`);
  if (kept + zero < all) return `${are(negative)} negative before ${name}.`;
  if (negative === 0) return `None of its values is negative: ${name} changes nothing here.`;
  return `${are(zero)} 0 after ${name}${zero < all ? "; the others stay as they are" : ""}.`;
}

const written = (count) => count.toLocaleString("en");
