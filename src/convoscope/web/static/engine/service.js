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

  /** Every layer's output. changes: [{place, channel, off} or {place, weight, index, value}]; `weights`: a file with others. */
  run({ input, changes = [], weights = null }) {
    let from = this.#network.layers.length;
    if (weights) {
      takeWeights(this.#network.layers, readModel(weights).layers);
      from = 0;
    }
    for (const { place, channel, off, weight, index, value } of changes) {
      if (weight === undefined) this.#network.silence(place, channel, off);
      else this.#network.set(place, weight, index, value);
      from = Math.min(from, place);
    }
    return [...this.#network.run(input, from)];
  }

  /** Evidence for some classes at a layer, by the trained network or by one that has learned nothing. */
  evidence({ place, classes, method, trained = true }) {
    let network = this.#network;
    if (!trained) {
      this.#untrained ??= new Network(untrained(network.layers));
      this.#untrained.run(network.input);
      network = this.#untrained;
    }
    return classes.map((each) => network.evidence(place, each, method));
  }
}

const TASKS = { open: Service.prototype.open, run: Service.prototype.run, evidence: Service.prototype.evidence };
