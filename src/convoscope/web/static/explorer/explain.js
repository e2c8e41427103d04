// One value of one layer in numbers: the arithmetic that the page shows, in double precision.

import {
  activateValue,
  besideOf,
  byRow,
  lengthOf,
  permutation,
  rectified,
  repetition,
  setOf,
  standards,
  stretchedFrom,
  windows,
} from "../engine/index.js";
import { explainEnlarged, explainResized, explainTransposed } from "./explain-enlarging.js";
import { explainCombined, explainConcatenated } from "./explain-joins.js";
import { indexIn, positionIn } from "./positions.js";

/**
 * How the value at flat index `unit` of a layer's output comes about; `inputs` are the tensors that the layer takes.
 *
 * Returns {kind, value, ...}; kind is the operation of the layer's first step, or "same" where the value only moves.
 * `value` is what the arithmetic gives, before any switching off. An `index` points into the layer's input, of several
 * into the one that `which` numbers.
 */
export function explainUnit(layer, inputs, shape, unit) {
  const [first, second] = layer.steps;
  const [input] = inputs;
  const position = positionIn(shape, unit);
  if (!first) return { kind: "same", index: unit, value: input.data[unit] };
  if (Object.hasOwn(JOINED, first.operation)) return JOINED[first.operation](first, inputs, shape, unit);
  if (second?.operation === "convolve") return explainSeparable(layer.steps, input, position, shape);
  if (!Object.hasOwn(EXPLAINED, first.operation)) {
    throw new RangeError(`explain.js has no arithmetic for the operation ${first.operation} yet`);
  }
  const found = EXPLAINED[first.operation](first, input, position, unit, shape);
  return second ? withActivation(found, first, second, input, position, shape) : found;
}

function movedFrom({ indices }, { data }, unit) {
  return { kind: "same", index: indices[unit], value: data[indices[unit]] };
}

const JOINED = { combine: explainCombined, concatenate: explainConcatenated };

const EXPLAINED = {
  convolve(step, input, { row, column, channel: filter }) {
    const [kh, kw, channels, filters] = step.kernel.shape;
    const group = Math.floor(filter / (filters / (step.groups ?? 1))) * channels; // its first input channel
    const { rows, columns } = windows(input.shape, kh, kw, step);
    const top = row * rows.stride - rows.before;
    const left = column * columns.stride - columns.before;
    const parts = Array.from({ length: channels }, (_, channel) => {
      const cells = Array.from({ length: kh }, (_, y) =>
        Array.from({ length: kw }, (_, x) => {
          const at = { row: top + y * rows.dilation, column: left + x * columns.dilation };
          const inside = at.row >= 0 && at.row < rows.size && at.column >= 0 && at.column < columns.size;
          const index = inside ? indexIn(input.shape, { ...at, channel: group + channel }) : -1;
          const value = inside ? input.data[index] : 0;
          const weightIndex = ((y * kw + x) * channels + channel) * filters + filter;
          const weight = step.kernel.data[weightIndex];
          return { ...at, inside, index, value, tap: [y, x], weightIndex, weight, product: value * weight };
        }),
      );
      return { channel: group + channel, cells, sum: total(cells.flat().map(({ product }) => product)) };
    });
    const sum = total(parts.map((part) => part.sum));
    const bias = step.bias ? step.bias.data[filter] : 0;
    const window = { top, left, rows: rows.reach, columns: columns.reach };
    return { kind: "convolve", parts, sum, bias, biasIndex: filter, before: sum + bias, value: sum + bias, window };
  },
  convolve_transposed: explainTransposed,
  enlarge: explainEnlarged,
  dense(step, input, { channel: neuron }, unit) {
    const [size, units] = step.kernel.shape;
    const from = Math.floor(unit / units) * size;
    const terms = Array.from({ length: size }, (_, i) => {
      const [value, weight] = [input.data[from + i], step.kernel.data[i * units + neuron]];
      return { index: from + i, value, weight, weightIndex: i * units + neuron, product: value * weight };
    });
    const sum = total(terms.map(({ product }) => product));
    const bias = step.bias ? step.bias.data[neuron] : 0;
    return { kind: "dense", terms, sum, bias, biasIndex: neuron, before: sum + bias, value: sum + bias };
  },
  pool({ mode, size, stride, padding }, input, { row, column, channel }) {
    const { rows, columns } = windows(input.shape, ...[size].flat(), { stride, padding });
    const top = row * rows.stride - rows.before;
    const left = column * columns.stride - columns.before;
    const cells = Array.from({ length: rows.kernel }, (_, y) =>
      Array.from({ length: columns.kernel }, (_, x) => {
        const at = { row: top + y, column: left + x };
        const inside = at.row >= 0 && at.row < rows.size && at.column >= 0 && at.column < columns.size;
        const index = inside ? indexIn(input.shape, { ...at, channel }) : -1;
        return { ...at, inside, index, value: inside ? input.data[index] : null, wins: false };
      }),
    );
    const values = cells.flat().filter(({ inside }) => inside);
    const window = { top, left, rows: rows.kernel, columns: columns.kernel };
    return { kind: "pool", mode, cells, window, value: pooled(values, mode), channel };
  },
  global_pool({ mode }, input, { channel }) {
    const channels = input.shape.at(-1);
    const values = Array.from({ length: input.data.length / channels }, (_, i) => ({
      index: i * channels + channel,
      value: input.data[i * channels + channel],
    }));
    return { kind: "global_pool", mode, count: values.length, channel, value: pooled(values, mode) };
  },
  batch_normalize({ gamma, beta, mean, variance, epsilon }, input, { channel }, index) {
    const [x, mu, v] = [input.data[index], mean.data[channel], variance.data[channel]];
    const [scale, shift] = [gamma ? gamma.data[channel] : 1, beta ? beta.data[channel] : 0];
    const normal = (x - mu) / Math.sqrt(v + epsilon);
    return {
      kind: "batch_normalize",
      index,
      x,
      mean: mu,
      variance: v,
      epsilon,
      normal,
      gamma: scale,
      beta: shift,
      value: normal * scale + shift,
    };
  },
  normalize_sample(settings, input, _, index) {
    const { mean, variance, weight } = setOf(input, settings, index);
    const [gamma, beta] = [settings.gamma ? settings.gamma.data[weight] : 1, settings.beta ? settings.beta.data[weight] : 0];
    const x = input.data[index];
    const normal = (x - mean) / Math.sqrt(variance + settings.epsilon);
    const value = normal * gamma + beta;
    return { kind: "batch_normalize", own: true, index, x, mean, variance, epsilon: settings.epsilon, normal, gamma, beta, value };
  },
  normalize_unit({ axes }, input, _, index) {
    const [x, scale] = [input.data[index], 1 / lengthOf(input, axes, index)];
    return { kind: "rescale", index, x, scale, offset: 0, value: x * scale };
  },
  normalize_beside(settings, input, _, index) {
    const [x, { factor: scale }] = [input.data[index], besideOf(input, settings, index)];
    return { kind: "rescale", index, x, scale, offset: 0, value: x * scale };
  },
  standardize(settings, input, _, index) {
    const { scale, offset } = standards(input.shape, settings)(index);
    return { kind: "rescale", index, x: input.data[index], scale, offset, value: input.data[index] * scale + offset };
  },
  permute: ({ dims }, input, _, unit) => movedFrom(permutation(input.shape, dims), input, unit),
  repeat: ({ times }, input, _, unit) => movedFrom(repetition(input.shape, times), input, unit),
  resize: explainResized,
  rescale: ({ scale, offset }, { data }, _, index) => ({
    kind: "rescale",
    index,
    x: data[index],
    scale,
    offset,
    value: data[index] * scale + offset,
  }),
  leak: ({ slope }, { data }, _, index) => activated(slope ? `leaky ReLU, ${slope}` : "ReLU", index, data[index], (x) => (x > 0 ? x : slope * x)),
  rectify: (settings, { data }, _, index) => activated(rectifierName(settings), index, data[index], (x) => rectified(x, settings)),
  leak_each({ alpha }, input, _, index) {
    const from = stretchedFrom(alpha.shape, input.shape);
    const slope = alpha.data[from ? from[index] : index];
    return activated(`PReLU, ${Number(slope.toPrecision(3))}`, index, input.data[index], (x) => (x > 0 ? x : slope * x));
  },
  crop({ cropping: [[top], [left]] }, input, { row, column, channel }) {
    const index = indexIn(input.shape, { row: row + top, column: column + left, channel });
    return { kind: "same", index, value: input.data[index] };
  },
  activate({ name, alpha }, input, position, index) {
    if (byRow(name)) return { kind: "activate", name, index, ...ofRow(name, rowOf(input, index), position.channel) };
    return activated(name, index, input.data[index], (x) => activateValue(x, name, alpha));
  },
  zero_pad({ padding: [[top], [left]] }, input, position) {
    const at = { row: position.row - top, column: position.column - left, channel: position.channel };
    const inside = at.row >= 0 && at.row < input.shape[0] && at.column >= 0 && at.column < input.shape[1];
    const index = inside ? indexIn(input.shape, at) : -1;
    return { kind: "same", index, value: inside ? input.data[index] : 0, padding: !inside };
  },
  flatten: (_, { data }, __, index) => ({ kind: "same", index, value: data[index] }),
  reshape: (_, { data }, __, index) => ({ kind: "same", index, value: data[index] }),
};

/** A value x of which an activation makes apply(x). */
const activated = (name, index, x, apply) => ({ kind: "activate", name, index, x, apply, value: apply(x) });

/** Two convolutions at once, the second of 1×1: as one whose kernel is the product of both. */
function explainSeparable([first, second, activation], input, position, shape) {
  const kernel = multiplied(first, second);
  const step = { ...first, kernel, bias: second.bias, groups: 1 };
  const found = { ...EXPLAINED.convolve(step, input, position), product: true };
  return activation ? withActivation(found, step, activation, input, position, shape) : found;
}

function multiplied({ kernel, groups: channels }, { kernel: mixing }) {
  const [height, width, , between] = kernel.shape;
  const filters = mixing.shape[3];
  const times = between / channels;
  const data = new Float64Array(height * width * channels * filters);
  for (let cell = 0; cell < height * width; cell++)
    for (let middle = 0; middle < between; middle++)
      for (let f = 0; f < filters; f++)
        data[(cell * channels + Math.floor(middle / times)) * filters + f] +=
          kernel.data[cell * between + middle] * mixing.data[middle * filters + f];
  return { data, shape: [height, width, channels, filters] };
}

const rectifierName = ({ most, slope, threshold }) =>
  ["ReLU", slope && `slope ${slope}`, most !== null && `at most ${most}`, threshold && `from ${threshold}`].filter(Boolean).join(", ");

function withActivation(found, first, { name }, input, position, shape) {
  if (!byRow(name)) {
    const apply = (x) => activateValue(x, name);
    return { ...found, activation: name, apply, value: apply(found.before) };
  }
  const row = indexIn(shape, { ...position, channel: 0 });
  const scores = Array.from(
    { length: shape.at(-1) },
    (_, channel) => EXPLAINED[first.operation](first, input, { ...position, channel }, row + channel, shape).before,
  );
  return { ...found, activation: name, ...ofRow(name, scores, position.channel) };
}

function ofRow(name, scores, own) {
  const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = total(powers);
  if (name === "log_softmax") {
    const apply = (x) => x - top - Math.log(sum); // the others' scores as they are
    return { x: scores[own], apply, value: apply(scores[own]) };
  }
  return { softmax: { scores, top, powers, sum, own }, x: scores[own], value: powers[own] / sum };
}

function rowOf({ data, shape }, index) {
  const start = index - (index % shape.at(-1));
  return Array.from(data.subarray(start, start + shape.at(-1)));
}

function pooled(cells, mode) {
  const values = cells.map(({ value }) => value);
  if (mode === "average") return total(values) / values.length;
  const best = values.reduce((a, b) => (mode === "max" ? Math.max(a, b) : Math.min(a, b)));
  cells[values.indexOf(best)].wins = true;
  return best;
}

const total = (values) => values.reduce((a, b) => a + b, 0);
