// A program is a list of steps {operation, ...settings}; each step takes the tensor that the one before it made.

import { operationOf } from "./operations.js";

/** Runs steps on one input, keeps every step's output, and computes again only from the first step that changed. */
export class Program {
  #outputs = [];
  #keys = [];

  /** The tensor that the first step takes. */
  load(input) {
    this.#outputs = [input];
    this.#keys = [];
  }

  /** What the steps whose outputs are kept were, each as text. */
  keys() {
    return [...this.#keys];
  }

  /** Lets go of the outputs from this step on; the next run computes them again. */
  forget(from) {
    this.#outputs.length = Math.min(this.#outputs.length, from + 1);
    this.#keys.length = Math.min(this.#keys.length, from);
  }

  /** Every step's output, in order; what has no change before it comes from the last run. */
  run(steps) {
    if (!this.#outputs.length) throw new Error("a program needs its input first: load(tensor)");
    const keys = steps.map((step) =>
      JSON.stringify(step, (_, value) => (ArrayBuffer.isView(value) ? [...value] : value)),
    );
    let same = 0;
    while (same < keys.length && same < this.#keys.length && keys[same] === this.#keys[same]) same++;
    this.#outputs.length = same + 1;
    this.#keys.length = same;
    for (let i = same; i < steps.length; i++) {
      this.#outputs.push(apply(this.#outputs[i], steps[i]));
      this.#keys.push(keys[i]);
    }
    return this.#outputs.slice(1);
  }
}

function apply(input, step) {
  const { operation: _, ...settings } = step;
  return operationOf(step).forward(input, settings);
}
