// Each channel divided by a power of the sum of squares of those beside it, itself among them.

import { tensor } from "./tensor.js";

/** What the value at an index is multiplied by, and what the power is taken of. */
export function besideOf({ data, shape }, { before, after, bias, alpha, beta }, index) {
  const channels = shape.at(-1);
  const start = index - (index % channels);
  let squares = 0;
  for (let i = Math.max(index - before, start); i <= Math.min(index + after, start + channels - 1); i++) squares += data[i] ** 2;
  const base = bias + alpha * squares;
  return { base, factor: base ** -beta };
}

/** Local response normalization: settings are {before, after (channels), bias, alpha, beta}. */
export function divideByBeside(input, settings) {
  return tensor(
    input.shape,
    input.data.map((x, i) => x * besideOf(input, settings, i).factor),
  );
}

/** The gradient of `divideByBeside`. */
export function divideByBesideInputGradient(gradient, input, settings) {
  const { before, after, alpha, beta } = settings;
  const channels = input.shape.at(-1);
  const each = Array.from(input.data, (_, i) => besideOf(input, settings, i));
  const sent = each.map(({ base, factor }, i) => (gradient.data[i] * input.data[i] * factor) / base);
  return tensor(
    input.shape,
    input.data.map((x, i) => {
      const start = i - (i % channels);
      let arriving = 0; // from the channels that have this one beside them
      for (let j = Math.max(i - after, start); j <= Math.min(i + before, start + channels - 1); j++) arriving += sent[j];
      return gradient.data[i] * each[i].factor - 2 * alpha * beta * x * arriving;
    }),
  );
}
