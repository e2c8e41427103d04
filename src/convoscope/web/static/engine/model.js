// A model's file: safetensors, with the architecture as JSON in its header.

import { fromHalf } from "./half.js";
import { count, tensor } from "./tensor.js";

const KEY = "convoscope"; // where the description stands in the header
const SCALE = ".scale"; // what a quantised kernel's name and this one name: the scale of each output channel
const KINDS = { F32: Float32Array, F16: Uint16Array, I8: Int8Array };

/**
 * Reads a model's file (ArrayBuffer).
 *
 * Returns {name, inputShape, classNames, preprocessing, layers}. A layer is {type, name, config, weights, parameters,
 * steps}: `weights` are tensors over the file's own numbers, `steps` what the engine runs.
 */
export function readModel(buffer) {
  const { description, tensors } = readFile(buffer);
  const { architecture, class_names: classNames, preprocessing } = description;
  const layers = architecture.layers.map(({ class_name: type, config }, position) => {
    const prefix = `layers/${position}/`;
    const weights = Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, weight]) => [name.slice(prefix.length), weight]),
    );
    const parameters = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
    return { type, name: config.name, config, weights, parameters, steps: stepsOf(type, config, weights) };
  });
  return { name: architecture.name, inputShape: architecture.input_shape, classNames, preprocessing, layers };
}

function readFile(buffer) {
  const cut = "The model's file is damaged or cut short. Save it again.";
  if (buffer.byteLength < 8) throw new RangeError(cut);
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (length > buffer.byteLength - 8) throw new RangeError(cut);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const told = JSON.parse(header.__metadata__?.[KEY] ?? "{}");
  if (!told.model) throw new RangeError("This safetensors file was not written by Convoscope: its header has no model.");
  const numbers = ({ dtype, shape, data_offsets: ends }) => {
    const [from, to] = ends.map((end) => 8 + length + end);
    const Kind = KINDS[dtype];
    const size = Kind?.BYTES_PER_ELEMENT;
    if (!Kind || to > buffer.byteLength || to - from !== size * count(shape)) throw new RangeError(cut);
    const data = from % size === 0 ? new Kind(buffer, from, count(shape)) : new Kind(buffer.slice(from, to));
    return dtype === "F16" ? fromHalf(data) : data;
  };
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (!name.startsWith("layers/") || name.endsWith(SCALE)) continue;
    const data = numbers(entry);
    if (data instanceof Float32Array) tensors[name] = tensor(entry.shape, data);
    else if (header[name + SCALE]) tensors[name] = tensor(entry.shape, scaled(data, numbers(header[name + SCALE])));
    else throw new RangeError(cut);
  }
  return { description: told.model, tensors };
}

/** Whole numbers as what they stand for: each times the scale of its output channel, the last axis. */
function scaled(whole, scales) {
  return Float32Array.from(whole, (number, i) => number * scales[i % scales.length]);
}

const nothing = () => [];
const activated = (name, alpha) => (name === "linear" ? [] : [{ operation: "activate", name, alpha }]);
const pooling =
  (mode) =>
  ({ pool_size: size, strides: stride, padding }) => [{ operation: "pool", mode, size, stride, padding }];
const globally =
  (mode) =>
  ({ keepdims: keep }) => [{ operation: "global_pool", mode, keep }];

const STEPS = {
  Conv2D: ({ strides, padding, dilation_rate: dilation, activation }, { kernel, bias = null }) => [
    { operation: "convolve", kernel, bias, stride: strides, padding, dilation },
    ...activated(activation),
  ],
  Conv2DTranspose: (config, { kernel, bias = null }) => {
    const { strides: stride, padding, output_padding: outputPadding, dilation_rate: dilation } = config;
    return [
      { operation: "convolve_transposed", kernel, bias, stride, padding, outputPadding, dilation },
      ...activated(config.activation),
    ];
  },
  UpSampling2D: ({ size, interpolation }) => [{ operation: "enlarge", size, bilinear: interpolation === "bilinear" }],
  Dense: ({ activation }, { kernel, bias = null }) => [{ operation: "dense", kernel, bias }, ...activated(activation)],
  MaxPooling2D: pooling("max"),
  MinPooling2D: pooling("min"),
  AveragePooling2D: pooling("average"),
  GlobalMaxPooling2D: globally("max"),
  GlobalAveragePooling2D: globally("average"),
  BatchNormalization: ({ epsilon }, { gamma = null, beta = null, moving_mean: mean, moving_variance: variance }) => [
    { operation: "batch_normalize", gamma, beta, mean, variance, epsilon },
  ],
  Rescaling: ({ scale, offset }) => [{ operation: "rescale", scale, offset }],
  Activation: ({ activation }) => activated(activation),
  Softmax: () => activated("softmax"),
  ReLU: ({ negative_slope: slope, max_value: bound = null }) =>
    bound === null ? [{ operation: "leak", slope }] : activated("relu6"),
  LeakyReLU: ({ negative_slope: slope }) => [{ operation: "leak", slope }],
  ELU: ({ alpha }) => activated("elu", alpha),
  Flatten: () => [{ operation: "flatten" }],
  Reshape: ({ target_shape: shape }) => [{ operation: "reshape", shape }],
  ZeroPadding2D: ({ padding }) => [{ operation: "zero_pad", padding }],
  // These change images in training only.
  Dropout: nothing,
  RandomFlip: nothing,
  RandomTranslation: nothing,
  RandomRotation: nothing,
  RandomErasing: nothing,
};

function stepsOf(type, config, weights) {
  if (!Object.hasOwn(STEPS, type)) {
    throw new RangeError(`The page does not know layers of type ${type} yet; it knows ${Object.keys(STEPS).join(", ")}.`);
  }
  return STEPS[type](config, weights);
}
