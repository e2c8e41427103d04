// A model behind messages: what the worker and the page itself both run. A message is {task, ...}, see TASKS.

import { readModel } from "./model.js";
import { mainValue } from "./main-output.js";
import { Network, untrained } from "./network.js";
import { tensor } from "./tensor.js";
import { takeWeights } from "./weights.js";

const UNTRAINED = 3; // networks that are kept

export class Service {
  #network = null;
  #untrained = new Map(); // seed -> a network that has learned nothing
  #probe = null; // {position, network}: the network up to a layer, for images that are not the page's

  /** Does what a message asks, and returns {outputs: tensors}. */
  answer(message) {
    return { outputs: TASKS[message.task].call(this, message) };
  }

  open({ buffer }) {
    this.#network = new Network(readModel(buffer));
    return [];
  }

  /**
   * Every layer's output. inputs: tensors, null for what is as it was; changes: [{position, channel, off} or {position,
   * weight, index, value}]; `weights`: a file with others.
   */
  run({ inputs, changes = [], weights = null }) {
    const network = this.#network;
    if (weights) {
      takeWeights(network.layers, readModel(weights).layers);
      network.touch();
    }
    for (const { position, channel, off, weight, index, value } of changes) {
      if (weight === undefined) network.silence(position, channel, off);
      else network.set(position, weight, index, value);
    }
    return [...network.run(inputs.map((input, i) => input ?? network.inputs[i]))];
  }

  /** Evidence for some classes at a layer, by the trained network or by one that has learned nothing. */
  evidence({ position, classes, method, trained = true, seed = 1 }) {
    const network = this.#chosen(trained, seed);
    return classes.map((each) => network.evidence(position, each, method));
  }

  /** How much each value of an input would change the score of each class. */
  saliency({ classes, input = 0, trained = true, seed = 1 }) {
    const network = this.#chosen(trained, seed);
    return classes.map((each) => network.gradient(input - network.inputs.length, each));
  }

  /** The main output for each of some images; other inputs are those of the last run. */
  scores({ images }) {
    const { model, inputs } = this.#network;
    const last = mainValue(model, (value) => this.#network.value(value).shape) - inputs.length;
    return images.map((image) => copied(this.#probed(last, image).outputs[last]));
  }

  /** One value of a layer for an image, as a tensor of one number, and its gradient by the image before an activation function. */
  pull({ position, unit, image }) {
    const network = this.#probed(position, image);
    return [tensor([1], Float32Array.of(network.outputs[position].data[unit])), network.gradientOf(position, unit)];
  }

  /** For each of some images the largest value of a channel, and its flat index: two tensors. */
  peaks({ position, channel, images }) {
    const found = [tensor([images.length]), tensor([images.length])];
    images.forEach((image, i) => {
      const { data, shape } = this.#probed(position, image).outputs[position];
      const channels = shape.at(-1);
      let best = channel;
      for (let at = channel; at < data.length; at += channels) if (data[at] > data[best]) best = at;
      [found[0].data[i], found[1].data[i]] = [data[best], best];
    });
    return found;
  }

  /** The network as far as a layer, with the same weights and the same filters off, after a run for an image. */
  #probed(position, image) {
    const { model, inputs, silenced } = this.#network;
    if (this.#probe?.position !== position) {
      const part = new Network({ ...model, layers: model.layers.slice(0, position + 1) });
      part.silenced = silenced;
      this.#probe = { position, network: part };
    }
    const { network } = this.#probe;
    network.touch(); // weights and filters may have changed
    network.run([image, ...inputs.slice(1)]);
    return network;
  }

  #chosen(trained, seed) {
    if (trained) return this.#network;
    const kept = this.#untrained.get(seed) ?? new Network(untrained(this.#network.model, seed));
    this.#untrained.delete(seed);
    this.#untrained.set(seed, kept);
    if (this.#untrained.size > UNTRAINED) this.#untrained.delete(this.#untrained.keys().next().value);
    kept.run(this.#network.inputs);
    return kept;
  }
}

const copied = ({ data, shape }) => tensor(shape, data.slice());

const { open, run, evidence, saliency, scores, pull, peaks } = Service.prototype;
const TASKS = { open, run, evidence, saliency, scores, pull, peaks };
