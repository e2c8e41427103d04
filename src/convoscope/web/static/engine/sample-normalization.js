// What brings values to a common measure: layer, group and unit normalization, and a mean and variance that are known.

import { stretchedFrom } from "./joins.js";
import { count, tensor } from "./tensor.js";

const LEAST_LENGTH = 1e-12;
const LEAST_DEVIATION = 1e-7;

/**
 * Layer and group normalization: sets of values brought to mean 0 and variance 1, times gamma, plus beta. settings: {axes
 * (how many of the last axes share a mean; 0: all), groups (of the last axis; −1: one for each channel), byChannel, gamma, beta,
 * epsilon}.
 */
export function normalizeSample(input, settings) {
  const output = tensor(input.shape);
  eachSet(input, settings, ({ members, mean, inverse }) => {
    for (const [i, weight] of members) output.data[i] = scaled((input.data[i] - mean) * inverse, weight, settings);
  });
  return output;
}

const scaled = (normal, weight, { gamma, beta }) =>
  normal * (gamma ? gamma.data[weight] : 1) + (beta ? beta.data[weight] : 0);

/** The gradient of `normalizeSample`: a value also moves the mean and the variance that its set is measured by. */
export function normalizeSampleInputGradient(gradient, input, settings) {
  const result = tensor(input.shape);
  const { gamma } = settings;
  eachSet(input, settings, ({ members, mean, inverse }) => {
    const sent = ([i, weight]) => gradient.data[i] * (gamma ? gamma.data[weight] : 1);
    const normal = ([i]) => (input.data[i] - mean) * inverse;
    const level = average(members, sent);
    const tilt = average(members, (member) => sent(member) * normal(member));
    for (const member of members) result.data[member[0]] = inverse * (sent(member) - level - normal(member) * tilt);
  });
  return result;
}

/** The set that a value belongs to: {mean, variance}, and the index of its gamma and beta. */
export function setOf(input, settings, index) {
  let found = null;
  eachSet(input, settings, ({ members, mean, variance }) => {
    const own = members.find(([i]) => i === index);
    if (own) found = { mean, variance, weight: own[1] };
  });
  return found;
}

/** body({members: [[index, index of its weight]], mean, variance, inverse}) */
function eachSet({ data, shape }, { axes, groups: wanted, byChannel, epsilon }, body) {
  const channels = shape.at(-1);
  const groups = wanted === -1 ? channels : wanted;
  const shared = count(axes ? shape.slice(-axes) : shape);
  const values = byChannel ? channels / groups : shared / groups;
  for (let start = 0; start < data.length; start += shared) {
    for (let group = 0; group < groups; group++) {
      const members = [];
      for (let row = start; row < start + shared; row += groups * values)
        for (let v = 0; v < values; v++) members.push([row + group * values + v, group * values + v]);
      const mean = average(members, ([i]) => data[i]);
      const variance = average(members, ([i]) => (data[i] - mean) ** 2);
      body({ members, mean, variance, inverse: 1 / Math.sqrt(variance + epsilon) });
    }
  }
}

const average = (members, of) => members.reduce((sum, member) => sum + of(member), 0) / members.length;

/** Values that share the last `axes` axes divided by the root of the sum of their squares. */
export function unitNormalize(input, { axes }) {
  const data = new Float32Array(input.data.length);
  eachVector(input, axes, (start, end, length) => {
    for (let i = start; i < end; i++) data[i] = input.data[i] / length;
  });
  return tensor(input.shape, data);
}

/** The gradient of `unitNormalize`. */
export function unitNormalizeInputGradient(gradient, input, { axes }) {
  const data = new Float32Array(input.data.length);
  eachVector(input, axes, (start, end, length) => {
    let along = 0;
    if (length > LEAST_LENGTH) for (let i = start; i < end; i++) along += (gradient.data[i] * input.data[i]) / length;
    for (let i = start; i < end; i++) data[i] = (gradient.data[i] - (input.data[i] / length) * along) / length;
  });
  return tensor(input.shape, data);
}

/** Calls `visit(start, end, length)` for the values that share the last `axes` axes. */
function eachVector(input, axes, visit) {
  const shared = count(input.shape.slice(-axes));
  for (let start = 0; start < input.data.length; start += shared) visit(start, start + shared, lengthOf(input, axes, start));
}

/** What the value at an index is divided by. */
export function lengthOf({ data, shape }, axes, index) {
  const shared = count(shape.slice(-axes));
  const start = index - (index % shared);
  let squares = 0;
  for (let j = start; j < start + shared; j++) squares += data[j] ** 2;
  return Math.max(Math.sqrt(squares), LEAST_LENGTH);
}

/** {scale, offset} for each value of a shape: minus a mean, by a deviation; inverted, the other way round. */
export function standards(shape, { axis, mean, variance, inverted }) {
  const kept = axis.map((each) => (each < 0 ? each + shape.length : each - 1));
  const small = shape.map((length, i) => (kept.includes(i) ? length : 1));
  const from = stretchedFrom(small, shape);
  const total = count(small);
  const at = (values, i) => values[values.length === total ? (from ? from[i] : i) : 0];
  return (i) => {
    const [level, deviation] = [at(mean, i), Math.max(Math.sqrt(at(variance, i)), LEAST_DEVIATION)];
    return inverted ? { scale: deviation, offset: level } : { scale: 1 / deviation, offset: -level / deviation };
  };
}
