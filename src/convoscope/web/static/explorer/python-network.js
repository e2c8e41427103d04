// The network as the running Python runs it, for one that a browser would take long for: as network-client.js, but what a
// layer makes comes when it is wanted.

import { newestOnly } from "../engine/newest.js";
import { ask, askForTensors, textOf } from "./given.js";

/**
 * `model` is from opened.js, `about()` what every question says besides, such as the epoch; `post` asks Python for
 * tensors.
 */
export function createPythonNetwork({ model, about = () => ({}), post = askForTensors }) {
  const silenced = new Map(); // position -> Set of channels
  const edits = new Map();
  const questions = new WeakMap(); // outputs -> what was asked to get them
  const coming = new WeakMap(); // outputs -> position -> the promise that it comes
  let newest = null; // the outputs of the last run

  const runs = newestOnly(async ({ inputs, wanted }) => {
    const question = { ...imageOf(inputs), ...changed(), ...about() };
    if (newest && same(question, questions.get(newest))) return newest;
    const positions = [...new Set([model.main, ...wanted])];
    const tensors = await post("ask/values", { ...question, wanted: positions });
    const outputs = Array.from({ length: model.layers.length });
    positions.forEach((position, i) => (outputs[position] = tensors[i]));
    questions.set(outputs, question);
    coming.set(outputs, new Map());
    newest = outputs;
    return outputs;
  });

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  async function fetched(outputs, due) {
    try {
      const tensors = await post("ask/values", { ...questions.get(outputs), wanted: due });
      due.forEach((position, i) => (outputs[position] = tensors[i]));
    } finally {
      for (const position of due) coming.get(outputs).delete(position);
    }
  }

  function changed() {
    const off = [...silenced].filter(([, channels]) => channels.size).map(([position, channels]) => [position, [...channels]]);
    return { silenced: Object.fromEntries(off), changes: [...edits.values()] };
  }

  return {
    change({ position, channel, off, weight, index, value }) {
      if (weight !== undefined) return void edits.set(`${position} ${weight} ${index}`, { position, weight, index, value });
      if (!silenced.has(position)) silenced.set(position, new Set());
      silenced.get(position)[off ? "add" : "delete"](channel);
    },
    /** Other weights from the next run on: those of the epoch that the questions name. */
    replace: () => edits.clear(),
    /** The outputs of the main layer and of the wanted ones, by positions; null where a newer run overtook this one. */
    run: (inputs, wanted = []) => runs.ask({ inputs, wanted }),
    /** Puts what some layers made into the outputs of a run; whether any came that were not there. */
    async fill(outputs, positions) {
      const missing = positions.filter((position) => !outputs[position]);
      const promised = coming.get(outputs);
      const due = missing.filter((position) => !promised.has(position));
      const arrival = due.length ? fetched(outputs, due) : null;
      for (const position of due) promised.set(position, arrival);
      await Promise.all(missing.map((position) => promised.get(position)));
      return missing.length > 0;
    },
    evidence: (asked) => post("ask/evidence", { ...questions.get(newest), ...asked }),
    saliency: (asked) => post("ask/saliency", { input: 0, ...questions.get(newest), ...asked }),
    /** The curve of a map, by deletion, insertion or in a random order: see faithfulness.js. */
    curve: async ({ map, ...asked }) =>
      (await ask("ask/curve", { ...questions.get(newest), ...asked, map: textOf(map.data), shape: map.shape.slice(0, 2) })).curve,
    /** One value of a layer for an image, and its gradient by the image: see network-client.js. */
    pull: ({ image, ...asked }) => post("ask/pull", { ...changed(), ...about(), ...asked, own: [textOf(image.data)] }),
    /** The largest value of a channel in each of some test images, and where. */
    peaks: ({ images, ...asked }) => post("ask/peaks", { ...changed(), ...about(), ...asked, images: images.map(({ number }) => number) }),
  };
}

/** How Python is told which image is meant: by the number of a test image, or by its values. */
function imageOf(inputs) {
  const { number } = inputs[0];
  if (number !== undefined) return { image: number };
  return { own: inputs.map(({ data }) => textOf(data)) };
}
