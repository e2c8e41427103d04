// Whether a heat map shows what the network uses, in numbers: explore/faithfulness.py has the same, operation by operation.

import { numbers } from "../engine/random.js";
import { imageShape } from "./images.js";

export const STEPS = 20; // in which the pixels are replaced
export const ORDERS = 5; // random ones
export const NETWORKS = 3; // random ones
const FEWEST = 16; // values of a map
const AT_ONCE = 4; // images in a message: others may want the network meanwhile

/** A map (height, width, ...) at another size, Float32Array: bilinear, edges repeated. */
export function enlarged({ data, shape }, height, width) {
  const [rows, columns] = shape;
  const down = between(rows, height);
  const across = between(columns, width);
  const found = new Float32Array(height * width);
  down.forEach(([top, bottom, low], row) => {
    across.forEach(([left, right, share], column) => {
      const one = data[top * columns + left] * (1 - low) + data[bottom * columns + left] * low;
      const other = data[top * columns + right] * (1 - low) + data[bottom * columns + right] * low;
      found[row * width + column] = one * (1 - share) + other * share;
    });
  });
  return found;
}

/** Along an axis, for each wanted value: those before and after it, and the share of the latter. */
function between(given, wanted) {
  return Array.from({ length: wanted }, (_, i) => {
    const place = Math.min(Math.max(((i + 0.5) * given) / wanted - 0.5, 0), given - 1);
    const at = Math.floor(place);
    return [at, Math.min(at + 1, given - 1), place - at];
  });
}

/** The pixels of a map from the most important on; those that are equally important come in a random order. */
export function orderOf(importance, seed = 0) {
  const chance = numbers(seed, importance.length);
  return Uint32Array.from(importance.keys()).sort((a, b) => importance[b] - importance[a] || chance[a] - chance[b] || a - b);
}

/** The pixels in a random order. */
export function randomOrder(pixels, seed) {
  const chance = numbers(seed, pixels);
  return Uint32Array.from(chance.keys()).sort((a, b) => chance[a] - chance[b] || a - b);
}

/** How many of the pixels are replaced at each step, from 0 to all. */
export function counts(pixels, steps = STEPS) {
  return Array.from({ length: steps + 1 }, (_, k) => Math.floor((2 * k * pixels + steps) / (2 * steps)));
}

/** An image without content: everywhere its mean, in each channel. */
export function blank({ data, shape }) {
  const channels = imageShape(shape)[2];
  const sums = new Float64Array(channels);
  data.forEach((value, i) => (sums[i % channels] += value));
  return { data: Float32Array.from(data, (_, i) => sums[i % channels] / (data.length / channels)), shape };
}

/** The images that come about while pixels of one are replaced by those of another, in an order; one for each step. */
export function replaced(image, base, order, steps = STEPS) {
  const channels = imageShape(image.shape)[2];
  const data = image.data.slice();
  let done = 0;
  return counts(order.length, steps).map((count) => {
    for (; done < count; done++)
      for (let c = 0; c < channels; c++) data[order[done] * channels + c] = base.data[order[done] * channels + c];
    return { data: data.slice(), shape: image.shape };
  });
}

/** The probability of a class from the main output's values; where they are logits, a softmax or sigmoid follows. */
export function probabilityOf({ data }, classIndex, probabilities) {
  if (data.length === 1) {
    const one = probabilities ? data[0] : 1 / (1 + Math.exp(-data[0]));
    return classIndex === 1 ? one : 1 - one;
  }
  if (probabilities) return data[classIndex];
  const most = data.reduce((a, b) => Math.max(a, b));
  const sum = data.reduce((total, value) => total + Math.exp(value - most), 0);
  return Math.exp(data[classIndex] - most) / sum;
}

/** The area under a curve whose points lie evenly from 0 to 1. */
export function area(curve) {
  const inner = curve.slice(1).reduce((sum, value, i) => sum + (value + curve[i]) / 2, 0);
  return inner / (curve.length - 1);
}

/** The rank correlation of two arrays: 1 for the same order, −1 for the reverse; NaN where one has no order. */
export function spearman(one, other) {
  const [a, b] = [one, other].map(ranks);
  const mean = (a.length + 1) / 2; // of all ranks, ties or none
  let [both, first, second] = [0, 0, 0];
  a.forEach((rank, i) => {
    both += (rank - mean) * (b[i] - mean);
    first += (rank - mean) ** 2;
    second += (b[i] - mean) ** 2;
  });
  return first && second ? both / Math.sqrt(first * second) : NaN;
}

/** The rank of each value, counted from 1; equal ones share the mean of theirs. */
function ranks(values) {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const found = new Float64Array(values.length);
  for (let from = 0, to; from < order.length; from = to) {
    for (to = from + 1; to < order.length && values[order[to]] === values[order[from]]; to++);
    for (let i = from; i < to; i++) found[order[i]] = (from + to + 1) / 2;
  }
  return found;
}

/**
 * The probability of a class while the pixels of an image are replaced in the order of a map, `kind` "deletion"; while they
 * are put into the blank image, "insertion"; or replaced in the random order of that number, from 0. `network` computes.
 */
export async function curve(network, { image, map, classIndex, kind, probabilities, steps = STEPS }) {
  if (network.curve) return network.curve({ map, classIndex, kind, steps });
  const [height, width] = imageShape(image.shape);
  const order = typeof kind === "number" ? randomOrder(height * width, 1 + kind) : orderOf(enlarged(map, height, width));
  const base = blank(image);
  const images = kind === "insertion" ? replaced(base, image, order, steps) : replaced(image, base, order, steps);
  const found = [];
  for (let i = 0; i < images.length; i += AT_ONCE) {
    const outputs = await network.scores(images.slice(i, i + AT_ONCE));
    found.push(...outputs.map((output) => probabilityOf(output, classIndex, probabilities)));
  }
  return found;
}

/**
 * What curves say: the areas, and whether the probability falls and rises sooner than in each of the random orders (1), later
 * than in each (−1), or neither (0).
 */
export function judged({ deletion, insertion, random }) {
  const chance = random.map(area);
  const beside = (own) => Number(own > Math.max(...chance)) - Number(own < Math.min(...chance));
  const found = { deletion: area(deletion), insertion: area(insertion), chance: chance.reduce((a, b) => a + b, 0) / chance.length };
  return { ...found, falls: 0 - beside(found.deletion), rises: beside(found.insertion) };
}

/** The mean size of rank correlations, whose sign is a matter of chance; NaN where no map had an order. */
export function similarity(correlations) {
  const known = correlations.filter((each) => !Number.isNaN(each));
  return known.length ? known.reduce((sum, each) => sum + Math.abs(each), 0) / known.length : NaN;
}

/** The randomization check in a sentence, for maps of so many values. */
export function checkWords(found, values) {
  if (Number.isNaN(found)) return "The map is uniform, so nothing can be concluded.";
  if (values < FEWEST) return `The map has only ${values} values, too few to tell similarity from chance.`;
  if (found < 0.3) return "The map changes completely when the weights are random: it shows what the network learned.";
  if (found < 0.7) return "The map keeps part of its pattern when the weights are random: not all of it was learned.";
  return "The map hardly changes when the weights are random: it shows the image, not what was learned.";
}
