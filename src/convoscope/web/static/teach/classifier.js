// The whole classifier in the browser: what the program computes for the page that teaches, here without a program.

import { readModel } from "../engine/model.js";
import { Network } from "../engine/network.js";
import { outlying } from "../engine/rejection.js";
import { createFastNetwork } from "../engine/simd/network.js";
import { tensor } from "../engine/tensor.js";

/**
 * A classifier from a model's file (ArrayBuffer): a network, the mean over its last maps, and one dense layer with
 * softmax. `ask(pixels)` takes bytes, red, green, blue, row by row, and returns {classes: [index], probabilities, none,
 * evidence, of}, as the program does.
 */
export function createClassifier(buffer) {
  const model = readModel(buffer);
  const first = model.inputShapes.length;
  const last = model.layers.findLastIndex(({ type }) => type === "Dense");
  const features = model.layers[last].inputs[0];
  const pool = model.layers[features - first];
  if (last < 0 || pool?.type !== "GlobalAveragePooling2D")
    throw new RangeError("The model ends in other layers than a classifier that was taught: a global mean, and a dense layer.");
  const maps = pool.inputs[0];
  const { kernel } = model.layers[last].weights;
  const run = runner(model, [maps, features]);
  const input = tensor(model.inputShapes[0]);

  return {
    fast: run.fast,
    ask(pixels) {
      input.data.set(pixels);
      const [seen, means, outputs] = run([input]);
      const probabilities = [...outputs.data];
      const best = probabilities.indexOf(Math.max(...probabilities));
      return {
        classes: probabilities.map((_, index) => index),
        probabilities,
        none: model.rejection && outlying(means.data, model.rejection) > model.rejection.threshold,
        evidence: evidenceFor(seen, kernel, best),
        of: best,
      };
    },
  };
}

function runner(model, kept) {
  const network = createFastNetwork(model, kept);
  if (network) return Object.assign((inputs) => network.run(inputs), { fast: true });
  const slow = new Network(model);
  const values = [...kept, ...model.outputs];
  return (inputs) => {
    slow.touch();
    slow.run(inputs);
    return values.map((value) => slow.value(value));
  };
}

/** Where maps have evidence for a class: rows of numbers, which sum to its score without its bias (see learning.py). */
function evidenceFor({ data, shape: [height, width, channels] }, kernel, index) {
  const classes = kernel.shape[1];
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      let sum = 0;
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) sum += data[from + c] * kernel.data[c * classes + index];
      return sum / (height * width);
    }),
  );
}
