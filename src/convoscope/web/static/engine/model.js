// A model's file: safetensors, with the architecture as JSON in its header.

import { fromHalf } from "./half.js";
import { stepsOf } from "./layer-steps.js";
import { count, tensor } from "./tensor.js";

const KEY = "convoscope"; // where the description stands in the header
const SCALE = ".scale"; // what a quantized kernel's name and this one name: the scale of each output channel
const READ = ["layers/", "rejection/"]; // how tensors begin that are of use here
const KINDS = { F32: Float32Array, F16: Uint16Array, I8: Int8Array };

/**
 * Reads a model's file (ArrayBuffer).
 *
 * Returns {name, inputNames, inputShapes, classNames, preprocessing, rejection, layers, outputs, outputNames, parameters}. Values
 * have numbers: 0 and on are the inputs, then comes one for each of `layers`, which stand in an order in which they can be
 * computed; `outputs` are the numbers of those that come out. A layer is {type, name, config, weights, parameters,
 * steps, inputs, first}: `weights` are tensors over the file's own numbers, `steps` what the engine runs, `inputs` the
 * numbers of the values that it reads. A layer that is called several times stands there once for each call; `first` is
 * the position of its first call. `rejection`: see rejection.js; null where the model refuses nothing.
 */
export function readModel(buffer) {
  const { description, tensors } = readFile(buffer);
  const { architecture, class_names: classNames, preprocessing } = description;
  const graph = description.graph ?? chainOf(architecture);
  const known = graph.layers.map(({ class_name: type, config }, index) => {
    const prefix = `layers/${index}/`;
    const weights = Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, weight]) => [name.slice(prefix.length), weight]),
    );
    const parameters = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
    return { type, name: config.name, config, weights, parameters, steps: stepsOf(type, config, weights) };
  });
  const called = graph.calls.map(({ layer }) => layer);
  return {
    name: architecture?.name,
    inputNames: graph.input_names,
    inputShapes: graph.input_shapes,
    classNames,
    preprocessing,
    rejection: description.rejection && tensors["rejection/centres"] ? rejectionOf(description.rejection, tensors) : null,
    layers: graph.calls.map(({ layer, inputs, name }) => ({ ...known[layer], name, inputs, first: called.indexOf(layer) })),
    outputs: graph.outputs,
    outputNames: graph.output_names,
    parameters: known.reduce((sum, { parameters }) => sum + parameters, 0),
  };
}

/** What a file says of images that are none of the classes: its numbers, and tensors by their names. */
function rejectionOf(numbers, tensors) {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith("rejection/"));
  return { ...numbers, ...Object.fromEntries(own.map(([name, found]) => [name.slice("rejection/".length), found])) };
}

/** The graph of a stack of layers, as files of version 1 have them. */
function chainOf({ input_shape: shape, layers }) {
  const calls = layers.map(({ config }, index) => ({ layer: index, inputs: [index], name: config.name }));
  const last = layers.at(-1)?.config.name;
  return { input_shapes: [shape], input_names: ["input"], layers, calls, outputs: [layers.length], output_names: [last] };
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
    if (!READ.some((beginning) => name.startsWith(beginning)) || name.endsWith(SCALE)) continue;
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
