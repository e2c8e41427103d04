// The numbers of a tour's text: what {value}, {layer} or {percent} stand for in the network and the image that are shown.

import { agreeing, gives, significant, sum } from "../../shared/agreeing.js";
import { explainUnit } from "../explain.js";
import { best, endsInProbabilities, scoresOf } from "../prediction.js";
import { positionIn } from "../positions.js";
import { percent, sizeOf, value } from "../words.js";
import { ORDINALS } from "./layers.js";
import { sumOf } from "./targets.js";

const count = (n) => n.toLocaleString("en");

/** What a text may name. web/tours.py has the same list. */
export const PLACEHOLDERS = [
  "image", "image_size", "pixels", "low", "high", "inputs", // the image
  "class", "percent", "label", "verdict", "classes", "output", "ordinal", // the prediction
  "layer", "below", "size", "size_below", "maps", "maps_below", "window", "weights", "products", // a layer
  "map", "row", "column", "value", "sum", "terms", "change", "marked", "zeros", // a value of it
]; // prettier-ignore

/** A text with its placeholders filled; a dash stands for what the network does not have there. */
export const filled = (text, facts) =>
  text.replace(/\{([a-z_]+)\}/g, (_, name) => (Object.hasOwn(facts, name) ? together(facts[name]) : "–")).trim();

/** A number and its sign stay in one line. */
const together = (words) => words.replace(/ (?=[×%])|(?<=×) /g, "\u00a0");

/**
 * What the placeholders stand for. `run`: {given, outputs, label} of the network's last run; `values`: its tensors by their
 * numbers; `at`: {position, unit} or null.
 */
export function factsOf({ model, explorer, run, values, at }) {
  const facts = { ...ofImage(model, explorer, run), ...ofPrediction(model, explorer, run) };
  if (at && at.unit !== null && at.position < 0) Object.assign(facts, ofPixel(values[at.position + model.first], at.unit));
  if (at && at.position >= 0) Object.assign(facts, ofLayer(model, at.position), ofValue(model, values, at));
  return facts;
}

function ofImage({ first, inputShape }, { range }, { given }) {
  const facts = {
    image_size: sizeOf(inputShape.slice(0, 2)),
    pixels: count(inputShape.reduce((a, b) => a * b, 1)),
    low: value(range[0]),
    high: value(range[1]),
    inputs: String(first),
  };
  return Number.isInteger(given[0].number) ? { ...facts, image: String(given[0].number) } : facts;
}

function ofPixel({ data, shape }, unit) {
  const { row, column } = positionIn(shape, unit);
  return { row: String(row), column: String(column), value: value(data[unit]) };
}

function ofPrediction(model, { names, outputs }, { given, outputs: made, label }) {
  if (outputs !== "classes") return {};
  const facts = { classes: String(names.length) };
  if (given[0].blank || !made[model.main]) return { ...facts, class: "–", percent: "–", verdict: "There is no image yet." };
  const probabilities = endsInProbabilities(model);
  const scores = scoresOf(made[model.main], probabilities);
  const top = best(scores);
  Object.assign(facts, {
    class: names[top],
    output: String(top),
    ordinal: ORDINALS[top] ?? `${count(top + 1)}th`,
    percent: probabilities ? percent(scores[top]).replace("> ", "more than ") : `a score of ${value(scores[top])}`,
    verdict: "",
  });
  if (label === null) return facts;
  const judged = label === top ? "The label of the image agrees." : `The label is “${names[label]}”: the network is wrong here.`;
  return { ...facts, label: names[label], verdict: judged };
}

function ofLayer({ layers, shapes, first, nameOf }, position) {
  const { name, inputs, config } = layers[position];
  const [shape, below] = [shapes[position + first], shapes[inputs[0]]];
  const window = config.kernel_size ?? config.pool_size;
  const facts = {
    layer: name,
    below: inputs[0] < first && first === 1 ? "the image" : nameOf(inputs[0] - first),
    size: sizeOf(shape.slice(0, 2)),
    size_below: sizeOf(below.slice(0, 2)),
    maps: count(shape.at(-1)),
    maps_below: count(below.at(-1)),
  };
  return window ? { ...facts, window: sizeOf(window), weights: count(window[0] * window[1]) } : facts;
}

function ofValue({ layers, shapes, first }, values, { position, unit, part }) {
  const layer = layers[position];
  const shape = shapes[position + first];
  const { row, column, channel } = positionIn(shape, unit);
  const found = explainUnit(layer, layer.inputs.map((each) => values[each]), shape, unit); // prettier-ignore
  const [sum, made] = [value(sumOf(found)), value(found.value)];
  const facts = { map: String(channel), value: made, sum, change: sum === made ? `${sum} stays ${made}` : `${sum} becomes ${made}` };
  facts.marked = Number.isInteger(part) ? `Ours, map ${part}, is marked.` : "";
  if (shape.length === 3) facts.zeros = zerosIn(values[position + first], channel);
  if (found.softmax) facts.value = percent(found.value);
  if (shape.length === 3) Object.assign(facts, { row: String(row), column: String(column) });
  if (found.parts) facts.products = count(found.parts.length * found.parts[0].cells.flat().length);
  if (found.kind === "dense") facts.products = count(found.terms.length);
  if (found.kind === "combine" && found.mode === "add") facts.terms = added(found.terms.map((each) => each.value));
  return facts;
}

/** How many values of a map are 0, as a sentence. */
function zerosIn({ data, shape }, channel) {
  const own = data.filter((_, i) => i % shape[2] === channel);
  const zeros = own.filter((each) => each === 0).length;
  if (!zeros) return "In this map no value is 0.";
  return `In this map ${count(zeros)} of ${count(own.length)} values are 0 now: choose one to see what it was.`;
}

/** “0.41 + 1.2”: in as few digits as give the value that is shown. */
function added(numbers) {
  const style = agreeing(significant(value), gives(numbers, sum, value));
  return numbers.map((each, i) => (i === 0 ? style(each) : `${each < 0 ? "−" : "+"} ${style(Math.abs(each))}`)).join(" ");
}
