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
    this.#network = new Network(readModel(buffer).layers);
    return [];
  }

  /** Every layer's output. changes: [{position, channel, off} or {position, weight, index, value}]; `weights`: a file with others. */
  run({ input, changes = [], weights = null }) {
    let from = this.#network.layers.length;
    if (weights) {
      takeWeights(this.#network.layers, readModel(weights).layers);
      from = 0;
    }
    for (const { position, channel, off, weight, index, value } of changes) {
      if (weight === undefined) this.#network.silence(position, channel, off);
      else this.#network.set(position, weight, index, value);
      from = Math.min(from, position);
    }
    return [...this.#network.run(input, from)];
  }

  /** Evidence for some classes at a layer, by the trained network or by one that has learned nothing. */
  evidence({ position, classes, method, trained = true }) {
    const network = this.#chosen(trained);
    return classes.map((each) => network.evidence(position, each, method));
  }

  /** How much each value of the input would change the score of each class. */
  saliency({ classes, trained = true }) {
    const network = this.#chosen(trained);
    return classes.map((each) => network.gradient(-1, each));
  }

  #chosen(trained) {
    if (trained) return this.#network;
    this.#untrained ??= new Network(untrained(this.#network.layers));
    this.#untrained.run(this.#network.input);
    return this.#untrained;
  }
}

const { open, run, evidence, saliency } = Service.prototype;
const TASKS = { open, run, evidence, saliency };
