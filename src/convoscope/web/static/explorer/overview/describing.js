// A map of the overview in words, for the card beside it and for those who listen.

import { number, plural } from "../../shared/format.js";
import { channelName, imageOf } from "../colour-channels.js";
import { whatItDoes } from "../layer-words.js";
import { indexIn } from "../positions.js";
import { reach } from "../reach.js";
import { value } from "../words.js";
import { titleOf } from "./columns.js";
import { meanSize } from "./contributions.js";
import { told } from "./flows.js";
import { asMaps } from "./painting.js";

/** What a channel of a column is called: “map 12”, “red”, “neuron 3”. */
export function mapName({ shows }, channel, { model, ranges }) {
  const name = channelName(imageOf(model, ranges, shows), channel);
  return model.shapes[shows].length === 1 ? name.replace("map", "neuron") : name;
}

/** The value under u and v, from 0 to 1 across a map: {row, column, unit, value}. */
export function valueAt(column, channel, { u, v }, { values, model }) {
  const { data, shape } = asMaps(values[column.shows]);
  const at = { row: within(v, shape[0]), column: within(u, shape[1]), channel };
  const unit = model.shapes[column.shows].length === 1 ? channel : indexIn(shape, at);
  return { ...at, unit, value: data[unit], shape };
}

const within = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));

/** What a value sees of each input, boxes as of reach.js by the inputs' numbers. */
export function seen(column, unit, { model }) {
  const position = column.shows - model.first;
  return position < 0 ? [] : reach(model, model.shapes, position, unit).slice(0, model.first);
}

/** What the network sees there in words: “10 × 10 of 28 × 28 pixels”; "" where there is nothing to say. */
function fieldIn(boxes, { model }) {
  const found = boxes.map((box, i) => [box, model.shapes[i]]).find(([box, shape]) => box !== undefined && shape.length > 1);
  if (!found) return "";
  const [box, shape] = found;
  const size = `${shape[0]} × ${shape[1]} pixels`;
  return box === null ? `Receptive field: the whole image, ${size}` : `Receptive field: ${box.rows} × ${box.columns} of ${size}`;
}

/** {name, layer, does, about, at, parts, field, note} in words; `known` is from partsOf, or null; `at` from valueAt. */
export function inWords(column, channel, at, known, scene) {
  const { model, values } = scene;
  const { title, name } = titleOf(column, model);
  const [rows, columns] = at.shape;
  const isMap = model.shapes[column.shows].length > 1;
  const size = isMap ? `${rows} × ${columns}, mean |value| ${value(meanSize(values[column.shows], channel, column.all))}` : "";
  return {
    name: `${mapName(column, channel, scene)}${column.lead < model.first ? "" : ` of ${column.all.toLocaleString("en")}`}`,
    layer: column.block ? name.replace(/^(?!block)/i, "Block ") : name === title ? name : `${name}, ${title.toLowerCase()}`,
    does: column.block || column.lead < model.first ? "" : whatItDoes(model, column.lead - model.first),
    about: size,
    at: isMap ? `Row ${at.row}, column ${at.column}: ${value(at.value)}` : `Value ${value(at.value)}`,
    parts: known ? partsIn(known, scene) : [],
    field: fieldIn(seen(column, at.unit, scene), scene),
    note: column.block ? `The result of ${plural(column.values.length, "layer")}.` : known && known.every > 1 ? `Contributions at every ${ordinal(known.every)} row and column.` : "",
  };
}

const ordinal = (n) => `${n}${n === 2 ? "nd" : n === 3 ? "rd" : "th"}`;

/** The largest parts as [words, share in per cent]; the shares add up to 100 as they are displayed. */
function partsIn(known, scene) {
  if (!known.parts.length) return [];
  const { most, rest, left } = told(known);
  const several = new Set(known.parts.map(({ column }) => column)).size > 1;
  const share = (permille) => `${number(permille / 10, 1)} %`;
  const rows = most.map(({ column, channel, share: own }) => [`${mapName(column, channel, scene)}${several ? ` of ${titleOf(column, scene.model).name}` : ""}`, share(own)]);
  return rest ? [...rows, [`${plural(rest, "other")}`, share(left)]] : rows;
}
