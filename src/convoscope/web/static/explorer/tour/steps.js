// The tour that comes with the page: from the image to the prediction, in the network that is open. What it does not have is
// left out. Steps are as a teacher's tour has them, see reading.js.

import { imageShape } from "../images.js";
import { findLayer, ofKind } from "./layers.js";

/**
 * The steps for a model (from opened.js); `explorer` says what its outputs are, `blank` that the image is an empty pad,
 * `overview` that the page has one: the tour then begins and ends there. At most 35 words each.
 */
export function stepsFor(model, explorer, { blank = false, overview = false } = {}) {
  const layers = [
    ...convolution(model),
    ...sums(model),
    ...dense(model),
    ...rectifier(model),
    ...pooling(model),
    ...shortcut(model),
    ...enlarging(model),
    ...globalPooling(model),
  ].sort((one, other) => findLayer(model, one.show.layer) - findLayer(model, other.show.layer));
  const end = explorer.outputs === "classes" ? classes(model, explorer, blank) : [imageOut()];
  const steps = [blank ? drawFirst() : image(model), ...layers, ...end, weights(explorer), yours(model)].map((step) => ({ seconds: 8, ...step }));
  return overview ? steps.map(inOverview) : steps;
}

/** A step as it is where the whole network is seen at once. */
function inOverview(step) {
  if (!["image", "prediction", "output", "weights", "draw", "yours"].includes(step.name)) return step;
  const point = step.name === "image" && step.show.source !== "draw" ? "image" : step.point;
  return { ...step, show: { ...step.show, view: "overview" }, point };
}

function image({ first, inputShape }) {
  const shape = imageShape(inputShape);
  const begins = `Everything begins with this image: {image_size} pixels`;
  const texts = {
    several: "The network takes {inputs} inputs at once, and this is the first. It receives them as numbers, and sees nothing else.",
    none: "Everything begins with these {pixels} numbers. The network sees nothing else.",
    grey: `${begins}, so {pixels} numbers. Black is {low} and white is {high}. The network sees nothing else.`,
    colour: `${begins}, each with a number for red, green and blue. That makes {pixels} numbers. The network sees nothing else.`,
  };
  const which = first > 1 ? "several" : shape === null ? "none" : shape[2] === 3 ? "colour" : "grey";
  return { name: "image", title: "The image", text: texts[which], show: { layer: "image" }, point: "map", seconds: 8 };
}

function drawFirst() {
  return {
    name: "image",
    title: "First, an image",
    text: "This page was opened without images. Draw something here, or upload a picture: the tour then shows what the network makes of it.",
    show: { layer: "none", source: "draw" },
    point: "source",
    seconds: 15,
  };
}

function convolution(model) {
  const [position] = ofKind(model, "convolution");
  if (position === undefined) return [];
  const layer = "first convolution";
  const { use_bias: bias } = model.layers[position].config;
  const below = model.layers[position].inputs[0];
  const channels = model.shapes[below][2];
  const scaled = model.layers[below - model.first]?.type === "Rescaling" ? "First, the pixels are scaled to small numbers. " : "";
  const each = channels === 1 ? "" : imageShape(model.inputShape)?.[2] === 3 ? " for each colour" : " for each channel";
  const all = channels > 1 && model.layers[position].type === "Conv2D" && (model.layers[position].config.groups ?? 1) === 1;
  const products = all ? "{maps_below} × {weights} = {products} products" : "{products} products";
  return [
    {
      name: "window",
      title: "A window slides over it",
      text: `${scaled}A filter is a small window with {window} weights${each}. It slides over the image, and gives one number at every position. We follow filter {map}.`,
      show: { layer, pixel: "followed", play: "window" },
      point: "window",
    },
    {
      name: "products",
      title: "One number",
      text: `Each pixel under the window is multiplied by the weight at its position: ${products}. Their sum${bias === false ? " is" : " and a bias make"} {sum}, the number at row {row}, column {column}, counted from 0.`,
      show: { layer, pixel: "followed" },
      point: "arithmetic",
      seconds: 10,
    },
    {
      name: "map",
      title: "A map",
      text: "The numbers from all positions form a map of {size}. It is strong where the image has what the filter looks for. {maps} filters make {maps} maps; ours, number {map}, is framed.",
      show: { layer, pixel: "followed" },
      point: "maps",
    },
  ];
}

function rectifier(model) {
  const [position] = ofKind(model, "relu");
  if (position === undefined) return [];
  const maps = model.shapes[position + model.first].length === 3;
  const { type, config } = model.layers[position];
  const most = type === "ReLU" ? config.max_value : config.activation === "relu6" ? 6 : null;
  const others = most ? `limits the others to ${most}` : "keeps the others";
  const rule = `ReLU replaces negative values with 0 and ${others}`;
  const text = maps
    ? `${rule}: {change}. {zeros}`
    : `${rule}. Here {sum} becomes {value}. A neuron at 0 is silent.`;
  return [{ name: "relu", title: "ReLU", text, show: { layer: "first relu", pixel: maps ? "followed" : "negative" }, point: "equation", seconds: 9 }];
}

function pooling(model) {
  const { layers, shapes, first } = model;
  const position = ofKind(model, "pooling").find((each) => shapes[each + first][0] < shapes[layers[each].inputs[0]][0]);
  if (position === undefined) return [];
  const { name, type } = layers[position];
  const text =
    type === "MaxPooling2D"
      ? "Max pooling keeps the largest value of each {window} window, here {value}. Every map shrinks from {size_below} to {size}: what was found is kept, but not exactly where."
      : "Average pooling replaces each {window} window with its mean, here {value}. Every map shrinks from {size_below} to {size}.";
  return [{ name: "pooling", title: "Pooling", text, show: { layer: name, pixel: "followed" }, point: "arithmetic" }];
}

/** A convolution that sums over all maps below. */
function sums(model) {
  const { layers, shapes, first } = model;
  const wide = (each) => layers[each].type === "Conv2D" && (layers[each].config.groups ?? 1) === 1 && shapes[layers[each].inputs[0]][2] > 1;
  const isSingle = (each) => layers[each].config.kernel_size.every((side) => side === 1);
  const all = ofKind(model, "convolution").slice(1).filter(wide);
  const position = all.find((each) => !isSingle(each)) ?? all[0];
  if (position === undefined) return [];
  const single = isSingle(position);
  const products = single ? "{products} products" : "{maps_below} × {weights} = {products} products";
  return [
    {
      name: "sums",
      title: "Patterns of patterns",
      text: `The window of {layer} lies on all {maps_below} maps at once, to find patterns of patterns: ${products} make one value. The bars show each map's contribution. {marked}`,
      show: { layer: layers[position].name, pixel: "followed" },
      point: "contributions",
      seconds: 10,
    },
  ];
}

function shortcut(model) {
  const [position] = ofKind(model, "addition");
  if (position === undefined) return [];
  return [
    {
      name: "shortcut",
      title: "A shortcut",
      text: "The layer {layer} adds, position by position, what came through the layers and what went around them: {terms} = {value}. Such shortcuts make deep networks trainable.",
      show: { layer: "first addition", pixel: "followed" },
      point: "arithmetic",
    },
  ];
}

function enlarging(model) {
  const kind = ["transposed convolution", "upsampling"].find((each) => ofKind(model, each).length);
  if (!kind) return [];
  const how = { "transposed convolution": "Every value paints a small pattern, and where patterns overlap they add up.", upsampling: "New values come from their neighbours; nothing is learned here." };
  return [
    {
      name: "enlarging",
      title: "Back to a larger map",
      text: `The layer {layer} enlarges the maps from {size_below} to {size}. ${how[kind]}`,
      show: { layer: `first ${kind}` },
      point: "maps",
    },
  ];
}

function globalPooling(model) {
  const [position] = ofKind(model, "global pooling");
  if (position === undefined) return [];
  const kept = model.layers[position].type === "GlobalMaxPooling2D" ? "largest value" : "mean";
  return [
    {
      name: "global-pooling",
      title: "Each map becomes one number",
      text: `The layer {layer} replaces each of the {maps_below} maps with its ${kept}, here {value}. It says how much of a pattern there is, but no longer where.`,
      show: { layer: "first global pooling", pixel: "followed" },
      point: "arithmetic",
    },
  ];
}

function dense(model) {
  const [position] = ofKind(model, "dense layer");
  if (position === undefined) return [];
  const last = position === model.main;
  const one = model.shapes[position + model.first].at(-1) === 1;
  const neuron = last ? (one ? "One neuron decides." : "Each neuron of the layer {layer} stands for one class.") : "A dense layer sees everything.";
  const which = last ? "Neuron {map}" : "Its strongest neuron, number {map},";
  const bias = model.layers[position].config.use_bias === false ? "the products" : "the products and a bias";
  const text = `${neuron} ${which} multiplies the {products} values before it by weights of its own, and adds ${bias}: {sum}.`;
  return [{ name: "dense", title: "A dense layer", text, show: { layer: "first dense layer" }, point: "arithmetic" }];
}

/** How scores become a prediction; of an empty pad there is none. */
function classes(model, { names }, blank) {
  const { activation } = model.layers[model.main].config;
  const one = model.shapes[model.main + model.first].at(-1) === 1;
  const softmax = {
    name: "softmax",
    title: "Softmax",
    text: "The last layer gives each class a score. Softmax raises e (2.718) to the power of each, and divides by the sum of these powers. The results are probabilities: together 100 %.",
    show: { layer: "output" },
    point: "softmax",
    seconds: 9,
  };
  const sigmoid = {
    name: "sigmoid",
    title: "Sigmoid",
    text: `The last layer gives one score, {sum}. Sigmoid maps it to the range from 0 to 1: {value} is the probability of “${names[1]}”.`,
    show: { layer: "output" },
    point: "arithmetic",
  };
  const answer = {
    name: "prediction",
    title: "The prediction",
    text: one ? "The prediction is “{class}”, with {percent}. {verdict}" : "The largest output is the prediction: “{class}”, with {percent}. It is the {ordinal} of {classes} outputs, number {output} counted from 0. {verdict}",
    show: { layer: "output" },
    point: "answer",
  };
  const ends = model.layers[model.main].type === "Softmax" || activation === "softmax" ? [softmax] : one && activation === "sigmoid" ? [sigmoid] : [];
  return [...ends, ...(blank ? [] : [answer])];
}

function imageOut() {
  return {
    name: "output",
    title: "An image comes out",
    text: "The last layer's values are an image again: {size} pixels. The page shows it beside the image that went in.",
    show: { layer: "output" },
    point: "result",
  };
}

/** What all the numbers before it came from. */
function weights({ outputs }) {
  const aim = outputs === "classes" ? "the right class becomes more probable" : "the output comes closer to what it should be";
  return {
    name: "weights",
    title: "Where the weights come from",
    text: `Nobody chooses the weights: they begin as random numbers. Training shows the network image after image, and each time moves them a little, so that ${aim}.`,
    show: {},
    point: "curves",
    seconds: 9,
    more: "training",
  };
}

function yours({ first, inputShape }) {
  const shape = first === 1 ? imageShape(inputShape) : null;
  const then = "Then choose any map, pixel or neuron to see its arithmetic.";
  if (shape?.[2] === 1)
    return { name: "draw", title: "Now draw one", text: `Your turn. Draw here, and every layer responds while you draw. ${then}`, show: { layer: "none", source: "draw" }, point: "source", seconds: 10 };
  const what = shape ? "Choose another image, draw one, or upload your own." : "Choose other images.";
  return { name: "yours", title: "Now one of your own", text: `Your turn. ${what} Every layer responds. ${then}`, show: { layer: "none" }, point: "source", seconds: 10 };
}
