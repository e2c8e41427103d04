// What a step of a tour shows: its words for a layer, a map and a pixel become a part of the page's state.

import { explainUnit } from "../explain.js";
import { imageShape } from "../images.js";
import { best, endsInProbabilities, scoresOf } from "../prediction.js";
import { indexIn, positionIn, strongest } from "../positions.js";
import { beginsAt, followed } from "./following.js";
import { findLayer } from "./layers.js";

const TRIED = [40, 60_000]; // values whose sums are computed to find one that ReLU replaces, at least, and products at most

const NOTHING = "none"; // in the place of a layer: no value is chosen then

/** The positions of the layers whose values `resolve` takes. */
export function needs({ layer, pixel }, model) {
  const position = layer === undefined ? undefined : findLayer(model, layer);
  if (position === undefined || position < 0) return [];
  const begin = pixel === "followed" ? beginsAt(model) : undefined;
  const all = [position, ...model.layers[position].inputs.map((value) => value - model.first), ...(begin === undefined ? [] : [begin])];
  return [...new Set(all)].filter((each) => each >= 0);
}

/** Whether a network has what a step shows, and the page the image and the view: `has(image)`, `views` by name. */
export function isThere({ layer, image, view }, model, has, views) {
  if (["why", "mistakes"].includes(view) && !views.includes(view)) return false;
  return (layer === undefined || layer === NOTHING || findLayer(model, layer) !== undefined) && (image === undefined || has(image));
}

/** What a step says of the image: the part of the state with it. It is to be there before the rest is resolved. */
export function imageOf({ image, source }, { model }) {
  if (image !== undefined) return { source: "test", image };
  return source === "draw" && model.first === 1 && imageShape(model.inputShape) ? { source: "draw" } : {};
}

/**
 * The value that a step shows: {position, unit}, and for one that is followed perhaps the `part` that it comes through; null where it leaves that as it is. `values`: the tensors of a run, by their
 * numbers; those that `needs` names are there.
 */
export function resolve({ layer, map, pixel = "strongest" }, { model, values }) {
  if (layer === NOTHING) return { position: -1, unit: null };
  const position = layer === undefined ? undefined : findLayer(model, layer);
  const tensor = values[position + model.first];
  if (!tensor) return null;
  const own = pixel === "followed" ? followed(model, values, position) : null;
  if (own) return { position, ...own };
  if (pixel === "negative") return { position, unit: stopped(position, values, model, map) };
  const channel = channelIn(map, position, tensor, model);
  if (tensor.shape.length < 3) return { position, unit: channel };
  if (Array.isArray(pixel)) {
    const [row, column] = pixel.map((each, axis) => Math.min(each, tensor.shape[axis] - 1));
    return { position, unit: indexIn(tensor.shape, { row, column, channel }) };
  }
  return { position, unit: strongest(tensor, channel) };
}

/** The channel of a map or the index of a neuron; of the main output the predicted class. */
function channelIn(map, position, tensor, model) {
  const count = tensor.shape.at(-1);
  if (typeof map === "number") return Math.min(map, count - 1);
  if (position === model.main && tensor.shape.length === 1) return best(scoresOf(tensor, endsInProbabilities(model))) % count;
  return positionIn(tensor.shape, farthest(tensor.data)).channel;
}

const farthest = (data) => data.reduce((top, each, i) => (Math.abs(each) > Math.abs(data[top]) ? i : top), 0);

/** The index of the value whose sum before ReLU is the most negative of those that are tried, of one map or of all. */
function stopped(position, values, model, map) {
  const layer = model.layers[position];
  const inputs = layer.inputs.map((value) => values[value]);
  const { data, shape } = values[position + model.first];
  const channel = map === undefined ? null : channelIn(map, position, { data, shape }, model);
  const count = shape.at(-1);
  const alive = new Set(shape.length === 3 ? [...data.keys()].filter((i) => data[i] > 0).map((i) => i % count) : []);
  const isTold = (each) => alive.size === 0 || alive.has(each); // of a map that is all 0 there is nothing to see
  const own = (index) => (channel === null ? isTold(index % count) : index % count === channel);
  const zeros = [];
  data.forEach((each, index) => each === 0 && own(index) && zeros.push(index));
  if (!zeros.length) return channel === null ? farthest(data) : strongest({ data, shape }, channel);
  const { kernel } = layer.steps[0] ?? {};
  const products = kernel ? kernel.data.length / kernel.shape.at(-1) : 1;
  const every = Math.ceil(zeros.length / Math.max(TRIED[0], TRIED[1] / products));
  const sums = zeros.filter((_, i) => i % every === 0).map((index) => [index, sumOf(explainUnit(layer, inputs, shape, index))]);
  return sums.reduce((least, each) => (each[1] < least[1] ? each : least))[0];
}

/** The sum that an activation takes; of a layer without one its value. `found` is from explain.js. */
export const sumOf = (found) => found.before ?? found.x ?? found.value;
