// The value that a tour follows through the network: the largest of the first convolution, which ReLU keeps, and further up
// the values that depend on it, so that a learner sees what becomes of one filter at one pixel.

import { ONE_TO_ONE } from "../overview/contributions.js";
import { explainUnit } from "../explain.js";
import { indexIn, positionIn } from "../positions.js";
import { reach } from "../reach.js";
import { findLayer } from "./layers.js";

const AROUND = 4; // rows and columns in which a smaller map has what depends on a value
const TRIED = 40; // values whose arithmetic is looked at

/** The position of the layer where it begins; undefined in a network without a convolution. */
export const beginsAt = (model) => findLayer(model, "first convolution");

/**
 * The flat index that it has in the layer at `position`, and the map below that it comes through: {unit, part}. `part` is
 * null where that is not one map; all is null where the layer has no maps, or none that depend on it. `values`: the tensors
 * of a run, by their numbers; those of the first convolution, of the layer and of those below are there.
 */
export function followed(model, values, position) {
  const begin = beginsAt(model);
  const [anchor, tensor] = [values[begin + model.first], values[position + model.first]];
  if (!anchor || !tensor || position < begin) return null;
  const start = largest(anchor);
  if (position === begin) return { unit: start, part: null };
  const at = positionIn(anchor.shape, start);
  const channel = keepsMaps(model, position, begin) ? at.channel : null;
  if (tensor.shape.length < 3) return channel === null ? null : { unit: channel, part: null };
  const found = dependent(model, { tensor, position, begin, channel, at, anchor });
  if (!found.length) return null;
  const part = throughMap(model, position, begin) ? at.channel : null;
  return { unit: part === null ? found[0] : mostFrom(part, found, model, values, position), part };
}

const largest = ({ data }) => data.reduce((top, each, i) => (each > data[top] ? i : top), 0);

/** Whether each map of a layer is made of the map of the same number of the layer at `begin` alone. */
function keepsMaps({ layers, first }, position, begin) {
  if (position === begin) return true;
  if (position < begin) return false;
  const { steps, inputs } = layers[position];
  const alone = steps.every(({ operation }) => operation === "combine" || ONE_TO_ONE.includes(operation));
  return alone && inputs.some((value) => keepsMaps({ layers, first }, value - first, begin));
}

/** Whether a convolution sums over maps that are those of the layer at `begin`, each by itself. */
function throughMap(model, position, begin) {
  const { steps, inputs } = model.layers[position];
  return steps[0]?.operation === "convolve" && (steps[0].groups ?? 1) === 1 && keepsMaps(model, inputs[0] - model.first, begin);
}

/** The flat indexes of the values that depend on the one at `at` of the layer at `begin`, the strongest first. */
function dependent(model, { tensor: { data, shape }, position, begin, channel, at, anchor }) {
  const near = (place, size, from) => {
    const middle = Math.round(((place + 0.5) * size) / from - 0.5);
    const low = Math.max(0, middle - AROUND);
    return Array.from({ length: Math.min(size - 1, middle + AROUND) - low + 1 }, (_, i) => low + i);
  };
  const depends = (row, column) => {
    const box = reach(model, model.shapes, position, indexIn(shape, { row, column, channel: 0 }))[begin + model.first];
    if (!box) return box === null; // null: on all of it
    return at.row >= box.top && at.row < box.top + box.rows && at.column >= box.left && at.column < box.left + box.columns;
  };
  const channels = channel === null ? Array.from({ length: shape[2] }, (_, i) => i) : [channel];
  const rows = near(at.row, shape[0], anchor.shape[0]);
  const columns = near(at.column, shape[1], anchor.shape[1]);
  const places = rows.flatMap((row) => columns.filter((column) => depends(row, column)).map((column) => ({ row, column })));
  const units = places.flatMap((place) => channels.map((each) => indexIn(shape, { ...place, channel: each })));
  return units.sort((a, b) => Math.abs(data[b]) - Math.abs(data[a]));
}

/** Of the strongest of some values the one to which a map below contributes the largest share. */
function mostFrom(part, units, model, values, position) {
  const layer = model.layers[position];
  const inputs = layer.inputs.map((value) => values[value]);
  const share = (unit) => {
    const { parts } = explainUnit(layer, inputs, model.shapes[position + model.first], unit);
    const all = parts.reduce((sum, each) => sum + Math.abs(each.sum), 0);
    return parts.find(({ channel }) => channel === part).sum / (all || 1);
  };
  const shares = units.slice(0, TRIED).map((unit) => [unit, share(unit)]);
  return shares.reduce((most, each) => (each[1] > most[1] ? each : most))[0];
}
