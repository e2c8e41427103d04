// A program is a list of steps {operation, ...settings}; each step takes the tensor that the one before it made.

import { activate } from "./activation.js";
import { convolve, convolveApart, sumChannels } from "./convolution.js";
import { dense } from "./dense.js";
import { batchNormalize } from "./normalization.js";
import { pool } from "./pooling.js";
import { count, tensor } from "./tensor.js";

const OPERATIONS = {
  convolve: (input, { kernel, bias, ...options }) => convolve(input, kernel, bias, options),
  convolve_apart: (input, { kernel, bias, ...options }) => convolveApart(input, kernel, bias, options),
  sum_channels: (input, { bias }) => sumChannels(input, bias),
  pool: (input, { mode, ...options }) => pool(input, mode, options).output,
  activate: (input, { name }) => activate(input, name),
  // What a byte holds: clipped to 0..255 and rounded, halves to the even number, as an 8-bit image of NumPy's is.
  bytes: (input) => tensor(input.shape, new Float32Array(new Uint8ClampedArray(input.data))),
  flatten: (input) => tensor([count(input.shape)], input.data),
  dense: (input, { kernel, bias }) => dense(input, kernel, bias),
  batch_normalize: (input, { epsilon, ...weights }) => batchNormalize(input, weights, epsilon),
};

/** Runs steps on one input, keeps every step's output, and computes again only from the first step that changed. */
export class Program {
  #outputs = [];
  #keys = [];

  /** The tensor that the first step takes. */
  load(input) {
    this.#outputs = [input];
    this.#keys = [];
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

function apply(input, { operation, ...settings }) {
  if (!Object.hasOwn(OPERATIONS, operation)) {
    throw new RangeError(`a step's operation is one of ${Object.keys(OPERATIONS).join(", ")}, and ${operation} came`);
  }
  return OPERATIONS[operation](input, settings);
}
