// The whole classifier in the browser: what the program computes for the page that teaches, here without a program.

import { readModel } from "../engine/model.js";
import { Network } from "../engine/network.js";
import { outlying } from "../engine/rejection.js";
import { createFastNetwork } from "../engine/simd/network.js";
import { tensor } from "../engine/tensor.js";

const TINIEST = 1e-12;
const ENDING = ["GlobalAveragePooling2D", "UnitNormalization", "Dense"];

/**
 * A classifier from a model's file (ArrayBuffer): a network, the mean over its last maps, the direction of that, and one
 * dense layer with softmax. `ask(pixels)` takes bytes, red, green, blue, row by row, and returns {classes: [index],
 * probabilities, none, evidence, of}, as the program does.
 */
export function createClassifier(buffer) {
  const model = readModel(buffer);
  const ending = model.layers.slice(-ENDING.length);
  if (ending.map(({ type }) => type).join() !== ENDING.join())
    throw new RangeError(`The model ends in other layers than a classifier that was taught: ${ENDING.join(", ")}.`);
  const [[maps], [means], [features]] = ending.map(({ inputs }) => inputs);
  const { kernel } = ending.at(-1).weights;
  const run = runner(model, [maps, means, features]);
  const input = tensor(model.inputShapes[0]);

  return {
    fast: run.fast,
    ask(pixels) {
      input.data.set(pixels);
      const [seen, mean, direction, outputs] = run([input]);
      const probabilities = [...outputs.data];
      const best = probabilities.indexOf(Math.max(...probabilities));
      return {
        classes: probabilities.map((_, index) => index),
        probabilities,
        none: model.rejection && outlying(direction.data, model.rejection) > model.rejection.threshold,
        evidence: evidenceFor(seen, Math.hypot(...mean.data), kernel, best),
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

/**
 * Where maps have evidence for a class: rows of numbers, which sum to its score without its bias (see evidence.py).
 * `length` is that of their mean.
 */
function evidenceFor({ data, shape: [height, width, channels] }, length, kernel, index) {
  const classes = kernel.shape[1];
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      let sum = 0;
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) sum += data[from + c] * kernel.data[c * classes + index];
      return sum / (height * width * Math.max(length, TINIEST));
    }),
  );
}
