// What a layer does, in one sentence with its own numbers.

import { number, plural } from "../shared/format.js";
import { activationName } from "./words.js";

const FOLLOWS = {
  relu: "ReLU replaces negative values with 0",
  relu6: "ReLU6 limits every value to the range from 0 to 6",
  softmax: "softmax turns them into probabilities, which sum to 1",
  log_softmax: "log softmax turns them into logarithms of probabilities",
  sigmoid: "sigmoid maps every value to the range from 0 to 1",
  tanh: "tanh maps every value to the range from −1 to 1",
  exponential: "every value x becomes eˣ",
  leaky_relu: "leaky ReLU multiplies negative values by a small factor",
};
const IN_TRAINING = "during training; here it changes nothing";
const NORMAL = "to a mean of 0 and a variance of 1";

const count = (n) => n.toLocaleString("en");
const by = ([rows, columns]) => `${rows}×${columns}`;
const same = ([a, b], [c, d]) => a === c && b === d;
const follows = (name) => FOLLOWS[name] ?? `${activationName(name)} is applied to every value`;
const then = ({ activation }) => (!activation || activation === "linear" ? "" : `; ${follows(activation)}`);
const andThen = (config) => then(config).replace("; ", ", and ");
/** The same as a sentence of its own, about the values that come in. */
const alone = (name) => `${follows(name)[0].toUpperCase()}${follows(name).slice(1).replace("turns them", "turns the values")}.`;
const UNCHANGED = "Passes every value on unchanged.";
const isMaps = (shape) => shape.length === 3;
const maps = (shape) => plural(shape[2], "map");
const eachMap = (shape) => (shape[2] === 1 ? "the map" : `each of the ${maps(shape)}`);
const channels = (shape) => (isMaps(shape) ? eachMap(shape) : `each of the ${plural(shape.at(-1), "value")}`);

/** “ with stride 2 and same padding”: how a window moves, where that is not one step at a time inside the map. */
function moving({ strides, padding, dilation_rate: dilation = [1, 1] }) {
  const parts = [];
  if (!same(strides, [1, 1])) parts.push(`stride ${strides[0] === strides[1] ? strides[0] : by(strides)}`);
  if (padding === "same") parts.push("same padding");
  if (!same(dilation, [1, 1])) parts.push(`dilation ${dilation[0] === dilation[1] ? dilation[0] : by(dilation)}`);
  const last = parts.pop();
  return last ? ` with ${[parts.join(", "), last].filter(Boolean).join(" and ")}` : "";
}

const biased = ({ use_bias: bias }) => (bias === false ? "" : " and a bias");
const inputs = (shape, ofImage) => (ofImage ? "the image" : shape[2] === 1 ? "the map" : `the ${maps(shape)}`);

function convolution(config, { input, output, ofImage }) {
  const { kernel_size: size, groups = 1 } = config;
  const filters = output[2];
  const kernels = input[2] === groups ? `a ${by(size)} kernel` : `a ${by(size)} kernel per ${ofImage ? "channel" : "map"}${groups > 1 ? " of its group" : ""}`;
  const over = groups > 1 ? `${inputs(input, ofImage)}, split into ${groups} groups` : inputs(input, ofImage);
  const slides = `Slides ${filters === 1 ? "one filter" : plural(filters, "filter")} over ${over}${moving(config)}`;
  const each = filters === 1 ? "" : "each ";
  const every = filters === 1 ? "the" : "every";
  return `${slides}, ${each}with ${kernels}${biased(config)}; ${every} filter gives one map${andThen(config)}.`;
}

function depthwise(config, { input, ofImage }) {
  const { kernel_size: size, depth_multiplier: each = 1 } = config;
  const kernels = each === 1 ? `a ${by(size)} kernel` : `${each} kernels of ${by(size)}`;
  const over = ofImage && input[2] > 1 ? "each channel of the image" : eachMap(input);
  return `Slides ${kernels} over ${over} separately${moving(config)}; each kernel gives one map${andThen(config)}.`;
}

function separable(config, { input, output }) {
  const { kernel_size: size } = config;
  return `Slides a ${by(size)} kernel over ${eachMap(input)} separately${moving(config)}, then mixes the results with ${plural(output[2], "filter")} of 1×1${then(config)}.`;
}

function transposed(config, { input, output }) {
  const { kernel_size: size } = config;
  const filters = output[2];
  return `Spreads each value of ${inputs(input, false)} over a window of ${by(size)}, weighted by a kernel, and adds up what overlaps; ${plural(filters, "filter")} ${filters === 1 ? "gives" : "give"} ${plural(filters, "map")} of ${by(output)}${then(config)}.`;
}

function dense(config, { input, output }) {
  const sums = output.at(-1) === 1 ? "one weighted sum" : plural(output.at(-1), "weighted sum");
  const own = config.use_bias === false ? "" : `, ${output.at(-1) === 1 ? "" : "each "}with a bias`;
  const what = `${input.length > 1 ? "At each position, computes" : "Computes"} ${sums} of ${input.at(-1) === 1 ? "the input" : `all ${plural(input.at(-1), "input")}`}`;
  return `${what}${own}${then(config)}.`;
}

const pooling = (name, kept) => (config, { input, output }) => {
  const apart = same(config.strides, config.pool_size); // windows that do not overlap
  const how = moving({ ...config, strides: apart ? [1, 1] : config.strides });
  const size = same(input, output) ? "keeps its size" : `shrinks from ${by(input)} to ${by(output)}`;
  return `${name} pooling keeps ${kept} of each ${by(config.pool_size)} window${how && `,${how}`}; ${eachMap(input)} ${size}.`;
};

const globally = (name, kept) => (_, { input }) => `Global ${name} pooling replaces ${eachMap(input)} with ${kept}.`;

const joining = (does) => (_, { inputs: given, residual }) =>
  given === 1 ? UNCHANGED : `${does} ${given === 2 ? "two" : given} inputs, position by position${residual ? ": a residual connection" : ""}.`;

function concatenate({ axis }, { inputs: given, output }) {
  const last = axis === -1 || axis === output.length;
  const joined = !last ? "" : ` into ${isMaps(output) ? maps(output) : plural(output.at(-1), "value")}`;
  return `Joins ${given === 2 ? "two" : given} inputs${joined}; nothing is computed.`;
}

function rescaling({ scale, offset }) {
  const divisor = Math.round(2 / scale) / 2; // 255, or 127.5
  const divides = scale < 1 && divisor > 1 && Math.abs(1 / scale - divisor) < 1e-6 * divisor;
  const first = divides ? `Divides every value by ${count(divisor)}` : `Multiplies every value by ${number(scale, 5)}`;
  if (!offset) return `${first}.`;
  return `${first}, then ${offset > 0 ? "adds" : "subtracts"} ${number(Math.abs(offset), 3)}.`;
}

function rectifier({ negative_slope: slope, max_value: most = null, threshold = 0 }) {
  if (!slope && !threshold && most === null) return alone("relu");
  const below = slope ? `multiplies values below ${number(threshold, 3)} by ${number(slope, 3)}` : `replaces values below ${number(threshold, 3)} with 0`;
  return `ReLU ${below}${most === null ? "" : ` and limits the others to ${number(most, 3)}`}.`;
}

const perSample = ({ axis }, { input }) => (axis.length === input.length ? "all values together" : "the values at each position");
const learned = ({ scale, center }) => (scale === false && center === false ? "" : "; a learned scale or offset follows");
function groupNormalization(config, { input }) {
  const { groups } = config;
  const each = groups === 1 ? "Shifts and scales all values together" : groups === -1 || groups === input.at(-1) ? `Shifts and scales ${channels(input)}` : `Splits the channels into ${groups} groups, and shifts and scales each`;
  return `${each} ${NORMAL}${learned(config)}.`;
}

const rate = (config) => `${number(100 * config.rate, 1)} %`;
const atRandom = (does) => () => `${does} ${IN_TRAINING}.`;
const resized = ({ height, width }) => `${height}×${width} pixels`;

const SENTENCES = {
  Conv2D: convolution,
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  Conv2DTranspose: transposed,
  UpSampling2D: ({ size, interpolation }, { input, output }) =>
    `Enlarges ${eachMap(input)} from ${by(input)} to ${by(output)} by ${interpolation === "bilinear" ? "interpolating between the values" : `repeating every value ${by(size)} times`}.`,
  Dense: dense,
  MaxPooling2D: pooling("Max", "the largest value"),
  MinPooling2D: pooling("Min", "the smallest value"),
  AveragePooling2D: pooling("Average", "the mean"),
  GlobalMaxPooling2D: globally("max", "its largest value"),
  GlobalAveragePooling2D: globally("average", "its mean"),
  Flatten: (_, { output }) => `Writes all values in one row of ${count(output[0])}; nothing is computed.`,
  Reshape: (_, { output }) => `Arranges the same values as ${output.join(" × ")}; nothing is computed.`,
  Permute: () => "Changes the order of the axes; nothing is computed.",
  RepeatVector: ({ n }) => `Repeats the same values ${n} times; nothing is computed.`,
  Dropout: (config) => `Dropout sets ${rate(config)} of the values to 0 at random ${IN_TRAINING}.`,
  SpatialDropout2D: (config) => `Dropout sets ${rate(config)} of the maps to 0 at random ${IN_TRAINING}.`,
  AlphaDropout: (config) => `Alpha dropout, which suits SELU, replaces ${rate(config)} of the values at random ${IN_TRAINING}.`,
  GaussianDropout: atRandom("Multiplies every value by random noise around 1"),
  GaussianNoise: atRandom("Adds random noise to every value"),
  RandomFlip: atRandom("Flips images at random"),
  RandomTranslation: atRandom("Shifts images at random"),
  RandomRotation: atRandom("Rotates images at random"),
  RandomErasing: atRandom("Erases a random rectangle of some images"),
  RandomZoom: atRandom("Zooms images at random"),
  RandomContrast: atRandom("Changes the contrast of images at random"),
  RandomBrightness: atRandom("Changes the brightness of images at random"),
  RandomCrop: (config) => `Cuts ${resized(config)} out at random during training; here it resizes the image and cuts out its middle.`,
  CenterCrop: (config) => `Cuts ${resized(config)} out of the middle.`,
  Resizing: (config) => `Resizes the image to ${resized(config)}.`,
  BatchNormalization: (_, { input }) => `Batch normalization shifts and scales ${channels(input)}, with means and variances collected during training.`,
  LayerNormalization: (config, shapes) => `Shifts and scales ${perSample(config, shapes)} ${NORMAL}${learned(config)}.`,
  GroupNormalization: groupNormalization,
  UnitNormalization: (config, shapes) => `Scales ${perSample(config, shapes)} so that their squares sum to 1.`,
  LocalResponseNormalization: () => "Divides every value by a number that grows with the values of neighbouring maps at the same position.",
  Normalization: ({ invert }) =>
    invert
      ? "Multiplies every value by a standard deviation and adds a mean, both measured on the training data."
      : "Subtracts a mean from every value and divides by a standard deviation, both measured on the training data.",
  Rescaling: rescaling,
  Activation: ({ activation }) => (activation === "linear" ? UNCHANGED : alone(activation)),
  Softmax: () => alone("softmax"),
  ReLU: rectifier,
  LeakyReLU: ({ negative_slope: slope }) => `Leaky ReLU multiplies negative values by ${number(slope, 5)}.`,
  PReLU: () => "PReLU multiplies negative values by learned factors.",
  ELU: ({ alpha }) => `ELU replaces every negative value x with ${alpha === 1 ? "eˣ − 1" : `${number(alpha, 3)} · (eˣ − 1)`}.`,
  ZeroPadding2D: (_, { input, output }) => same(input, output) ? UNCHANGED : `Adds padding: ${eachMap(input)} is surrounded by zeros and grows from ${by(input)} to ${by(output)}.`,
  Cropping2D: (_, { input, output }) => same(input, output) ? UNCHANGED : `Cuts off the edges of ${eachMap(input)}: ${by(input)} becomes ${by(output)}.`,
  Add: joining("Adds"),
  Subtract: () => "Subtracts the second input from the first, position by position.",
  Multiply: joining("Multiplies"),
  Divide: () => "Divides the first input by the second, position by position.",
  Average: joining("Takes the mean of"),
  Maximum: joining("Keeps the largest value of"),
  Minimum: joining("Keeps the smallest value of"),
  Concatenate: concatenate,
};

/**
 * What the layer at `position` does, in a sentence. `model` has layers, shapes (those of all values by their numbers) and
 * first, the number of inputs; see opened.js.
 */
export function whatItDoes(model, position) {
  const { layers, shapes, first } = model;
  const { type, config, inputs: given } = layers[position];
  if (!Object.hasOwn(SENTENCES, type)) throw new RangeError(`The page has no sentence for layers of type ${type} yet: see explorer/layer-words.js.`);
  return SENTENCES[type](config, {
    input: shapes[given[0]],
    output: shapes[position + first],
    inputs: given.length,
    ofImage: isPicture(model, given[0]),
    residual: type === "Add" && given.length === 2 && (leadsTo(model, given[0], given[1]) || leadsTo(model, given[1], given[0])),
  });
}

/** Whether a value is an image that goes in, or one whose values were only changed one by one. */
function isPicture({ layers, first }, value) {
  let at = value;
  while (at >= first && /^(Rescaling|Normalization|Resizing|CenterCrop|Random\w+)$/.test(layers[at - first].type)) at = layers[at - first].inputs[0];
  return at < first;
}

/** Whether one value is computed from another. */
function leadsTo({ layers, first }, from, to) {
  if (from === to) return true;
  const seen = new Set();
  const left = [to];
  while (left.length) {
    const value = left.pop();
    if (value === from) return true;
    if (value <= from || value < first || seen.has(value)) continue; // what is computed comes later
    seen.add(value);
    left.push(...layers[value - first].inputs);
  }
  return false;
}
