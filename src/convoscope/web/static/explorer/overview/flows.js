// How much each map that is drawn gives to each that is drawn in the next column, as shares of all that goes in.

import { contributionsTo, meanSize } from "./contributions.js";

const TOLD = 4; // parts of a map that are told in words
const LITTLE = 0.02; // of a map's largest part; less is not drawn

/**
 * Chooses the maps of a column: those with the largest mean size, the strongest first; what takes each map by itself has
 * the same as the column before. `values` are tensors by number. Sets `channels`; [] as long as nobody knows the values.
 * Of the `same` image they stay: a map that is turned off is still to be seen.
 */
export function chooseMaps({ columns }, model, values, same = false) {
  for (const column of columns) {
    const tensor = values[column.shows];
    const count = Math.min(column.boxes.length, column.all);
    const before = followed(column, columns, model);
    if (!tensor) column.channels = [];
    else if (column.all <= count) column.channels = Array.from({ length: column.all }, (_, channel) => channel);
    else if (same && column.channels.length) fillUp(column, column.channels, tensor, count);
    else fillUp(column, before?.channels ?? [], tensor, count);
  }
}

/** Some channels, and after them the strongest of the others. */
function fillUp(column, some, tensor, count) {
  const more = some.length < count ? strongestOf(tensor, column.all).filter((channel) => !some.includes(channel)) : [];
  column.channels = [...some, ...more].slice(0, count);
}

function strongestOf(tensor, channels) {
  const sizes = Float64Array.from({ length: channels }, (_, channel) => meanSize(tensor, channel, channels));
  return [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
}

const KEEPING = ["pool", "global_pool", "batch_normalize", "zero_pad", "crop", "enlarge", "resize", "leak", "rectify", "activate"];

/** The column before, where this one takes each of its maps by itself. */
function followed({ block, lead, inputs, all }, columns, { layers, first }) {
  const [step] = block || lead < first ? [] : layers[lead - first].steps;
  if (!step || inputs.length !== 1) return null;
  const apart = step.operation === "convolve" && step.groups > 1 && step.groups === all;
  if (!apart && !KEEPING.includes(step.operation)) return null;
  return columns.find((each) => each.id === inputs[0] && each.all === all) ?? null;
}

/**
 * What goes into a channel of a column: {parts: [{column, channel, share}, ...] the largest first, every}; shares are of the sum
 * of all. Null where the values are not known, or nobody can say it of this kind of layer. `byFeeds`: the number of a value
 * that is read -> its column.
 */
export function partsOf(column, channel, { model, values, byFeeds }) {
  const { layers, shapes, first } = model;
  if (column.block || column.lead < first) return null;
  const layer = layers[column.lead - first];
  const tensors = layer.inputs.map((value) => values[value]);
  const from = layer.inputs.map((value) => byFeeds.get(value));
  if (tensors.some((each) => !each) || from.some((each) => !each)) return null;
  const counts = from.map((each, which) => (each.flat === null ? tensors[which].shape.at(-1) : each.all));
  const found = contributionsTo(layer, tensors, shapes[column.lead], channel, counts);
  if (!found) return null;
  const parts = found.flatMap((amounts, which) => Array.from(amounts, (amount, each) => ({ column: from[which], channel: each, amount })));
  const total = parts.reduce((sum, { amount }) => sum + amount, 0);
  const shares = parts.filter(({ amount }) => amount > 0).map((part) => ({ ...part, share: part.amount / total }));
  return { parts: merged(shares).sort((a, b) => b.share - a.share), every: found.every ?? 1 };
}

/** A layer may read one value twice. */
function merged(parts) {
  const found = new Map();
  for (const part of parts) {
    const key = `${part.column.id} ${part.channel}`;
    if (found.has(key)) found.get(key).share += part.share;
    else found.set(key, { ...part });
  }
  return [...found.values()];
}

/** The links into some channels of a column that are to be drawn: [{from, index, to, slot, share, width}], width from 0 to 1. */
export function linksInto(column, channels, about) {
  const known = channels.map((channel) => partsOf(column, channel, about));
  const links = known.flatMap((found, slot) =>
    (found?.parts ?? []).flatMap(({ column: from, channel, share }) => {
      const index = from.channels.indexOf(channel);
      return index < 0 ? [] : [{ from, index, to: column, slot, share }];
    }),
  );
  const largest = links.reduce((most, { share }) => Math.max(most, share), 0);
  return { known, links: links.filter(({ share }) => share > LITTLE * largest).map((link) => ({ ...link, width: link.share / largest })) };
}

/** The largest parts of a map, and the sum of the others, as shares in per mille that add up to 1000. */
export function told({ parts }) {
  const rest = Math.max(0, parts.length - TOLD);
  const shares = parts.slice(0, TOLD).map(({ share }) => share);
  const whole = rounded([...shares, 1 - shares.reduce((a, b) => a + b, 0)]);
  return { most: parts.slice(0, TOLD).map((part, i) => ({ ...part, share: whole[i] })), rest, left: whole.at(-1) };
}

/** Shares of 1 as whole numbers of per mille that sum to 1000: those that lose most by rounding down get one more. */
function rounded(shares) {
  const exact = shares.map((share) => Math.max(0, share) * 1000);
  const whole = exact.map((each) => Math.floor(each + 1e-9));
  const order = [...exact.keys()].sort((a, b) => exact[b] - whole[b] - (exact[a] - whole[a]));
  const left = 1000 - whole.reduce((a, b) => a + b, 0);
  for (const i of order.slice(0, left)) whole[i]++;
  return whole;
}
