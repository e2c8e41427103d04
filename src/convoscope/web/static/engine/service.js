// A model behind messages: what the worker and the page itself both run. A message is {task, ...}, see TASKS.

import { readModel } from "./model.js";
import { Network, untrained } from "./network.js";
import { takeWeights } from "./weights.js";

export class Service {
  #network = null;
  #untrained = null;

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
  evidence({ position, classes, method, trained = true }) {
    const network = this.#chosen(trained);
    return classes.map((each) => network.evidence(position, each, method));
  }

  /** How much each value of an input would change the score of each class. */
  saliency({ classes, input = 0, trained = true }) {
    const network = this.#chosen(trained);
    return classes.map((each) => network.gradient(input - network.inputs.length, each));
  }

  #chosen(trained) {
    if (trained) return this.#network;
    this.#untrained ??= new Network(untrained(this.#network.model));
    this.#untrained.run(this.#network.inputs);
    return this.#untrained;
  }
}

const { open, run, evidence, saliency } = Service.prototype;
const TASKS = { open, run, evidence, saliency };
