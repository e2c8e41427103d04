// One value of several: combined index by index, where an axis of length 1 is stretched, or put side by side.

import { count, tensor } from "./tensor.js";

/** mode -> two values combined; of more, one after the other. */
const PAIRS = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  average: (a, b) => a + b, // and divided by how many there are
  maximum: Math.max,
  minimum: Math.min,
};

/** mode -> how much the value changes with each of the values; of equal extremes the first one counts. */
const SLOPES = {
  add: (values) => values.map(() => 1),
  subtract: () => [1, -1],
  multiply: (values) => values.map((_, own) => values.reduce((a, b, i) => (i === own ? a : a * b), 1)),
  divide: ([a, b]) => [1 / b, -a / (b * b)],
  average: (values) => values.map(() => 1 / values.length),
  maximum: (values) => only(values, Math.max(...values)),
  minimum: (values) => only(values, Math.min(...values)),
};

const only = (values, best) => values.map((_, i) => (i === values.indexOf(best) ? 1 : 0));

/** The value of some values at the same index. */
export const combined = (mode, values) =>
  values.reduce((a, b) => PAIRS[mode](a, b)) / (mode === "average" ? values.length : 1);

/** The shape of values that are combined. */
export function joinedShape(shapes) {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const aligned = shapes.map((shape) => [...Array(rank - shape.length).fill(1), ...shape]);
  const joined = aligned[0].map((_, axis) => Math.max(...aligned.map((shape) => shape[axis])));
  if (aligned.some((shape) => shape.some((length, axis) => length !== 1 && length !== joined[axis])))
    throw new RangeError(`values of the shapes ${shapes.map((shape) => `(${shape.join(", ")})`).join(", ")} cannot be combined`);
  return joined;
}

/** For each index of a shape the one that stands there of a value that is stretched to it; null where they are the same. */
export function stretchedFrom(from, shape) {
  if (from.length === shape.length && from.every((length, axis) => length === shape[axis])) return null;
  const aligned = [...Array(shape.length - from.length).fill(1), ...from];
  const strides = aligned.map((length, axis) => (length === 1 ? 0 : count(aligned.slice(axis + 1))));
  const places = shape.map(() => 0);
  const indices = new Int32Array(count(shape));
  for (let i = 0; i < indices.length; i++) {
    indices[i] = places.reduce((sum, place, axis) => sum + place * strides[axis], 0);
    for (let axis = shape.length - 1; axis >= 0 && ++places[axis] === shape[axis]; axis--) places[axis] = 0;
  }
  return indices;
}

/** Values combined index by index. */
export function combine(inputs, mode) {
  const shape = joinedShape(inputs.map((input) => input.shape));
  const pair = PAIRS[mode];
  const output = tensor(shape, Float32Array.from(stretched(inputs[0], shape)));
  for (const input of inputs.slice(1)) {
    const other = stretched(input, shape);
    for (let i = 0; i < other.length; i++) output.data[i] = pair(output.data[i], other[i]);
  }
  if (mode === "average") for (let i = 0; i < output.data.length; i++) output.data[i] /= inputs.length;
  return output;
}

function stretched({ data, shape: from }, shape) {
  const indices = stretchedFrom(from, shape);
  return indices ? Float32Array.from(indices, (i) => data[i]) : data;
}

/** The gradients of `combine` with respect to each of its inputs. */
export function combineInputGradients(gradient, inputs, mode) {
  const from = inputs.map((input) => stretchedFrom(input.shape, gradient.shape));
  const results = inputs.map(({ shape }) => tensor(shape));
  const values = inputs.map(() => 0);
  for (let i = 0; i < gradient.data.length; i++) {
    inputs.forEach(({ data }, which) => (values[which] = data[from[which] ? from[which][i] : i]));
    const slopes = SLOPES[mode](values);
    results.forEach(({ data }, which) => (data[from[which] ? from[which][i] : i] += slopes[which] * gradient.data[i]));
  }
  return results;
}

/** An axis within a sample of so many axes; Keras counts the batch axis as 0, and from the end as −1, −2 and so on. */
export const sampleAxis = (axis, rank) => (axis < 0 ? axis + rank : axis - 1);

/** Values side by side along an axis, which counts as Keras counts it. */
export function concatenate(inputs, axis) {
  const { before, lengths, shape } = layout(inputs, axis);
  const output = tensor(shape);
  let to = 0;
  for (let row = 0; row < before; row++) {
    inputs.forEach(({ data }, which) => {
      output.data.set(data.subarray(row * lengths[which], (row + 1) * lengths[which]), to);
      to += lengths[which];
    });
  }
  return output;
}

/** The gradients of `concatenate` with respect to each of its inputs. */
export function concatenateInputGradients(gradient, inputs, axis) {
  const { before, lengths } = layout(inputs, axis);
  const results = inputs.map(({ shape }) => tensor(shape));
  let from = 0;
  for (let row = 0; row < before; row++) {
    results.forEach(({ data }, which) => {
      data.set(gradient.data.subarray(from, from + lengths[which]), row * lengths[which]);
      from += lengths[which];
    });
  }
  return results;
}

/** Where each value of several side by side begins along the axis. */
export function offsets(shapes, axis) {
  let next = 0;
  return shapes.map((shape) => {
    const own = next;
    next += shape[sampleAxis(axis, shape.length)];
    return own;
  });
}

function layout(inputs, axis) {
  const [{ shape: first }] = inputs;
  const at = sampleAxis(axis, first.length);
  const along = inputs.reduce((sum, { shape }) => sum + shape[at], 0);
  return {
    before: count(first.slice(0, at)),
    lengths: inputs.map(({ shape }) => count(shape.slice(at))),
    shape: first.map((length, i) => (i === at ? along : length)),
  };
}
