// The page's state and Python's, in a notebook's widget: each hears of what the other chooses.
// Python has {view, image, drawing, layer, map, pixel, value, prediction, upload}; widgets/explorer.py says what they are.

import { byId } from "../shared/dom.js";
import { begun, inNotebook } from "../shared/notebook.js";
import { bytesOf, createStep } from "../shared/in-step.js";
import { OWN, readAddress } from "./address.js";
import { askForPictures } from "./given.js";
import { valuesOf } from "./opened.js";
import { indexIn, positionIn, strongest } from "./positions.js";
import { best, endsInProbabilities, scoresOf } from "./prediction.js";

const SOON = 60; // milliseconds
const FROM_PYTHON = ["view", "image", "drawing", "layer", "map", "pixel"];

/**
 * The link behind {begin, tell}; without a widget around the page it does nothing. `shown()` is the newest run,
 * {inputs, outputs}; `pick(position, unit)` and `show(view)` choose as a person does.
 */
export function createNotebookLink({ model, explorer, collection, state, shown, pick, show, say }) {
  if (!inNotebook) return { begin: async () => {}, tell() {} };
  const step = createStep({
    wanted: FROM_PYTHON,
    describe: () => (isBusy() ? null : described(state.get(), shown(), model, explorer.names)),
    async apply(news, all) {
      try {
        if (news.view && !byId(`view-${news.view}`).hidden) show(news.view);
        if (typeof news.image === "number") {
          await bring(news.image);
          state.change({ source: "test", image: news.image });
        }
        if (news.drawing) state.change({ source: "draw", drawing: bytesOf(news.drawing) });
        if (!["layer", "map", "pixel"].some((name) => name in news)) return;
        if (all.layer !== null && state.get().view === "overview") show("network"); // where a value is seen
        await choose(all);
      } catch (problem) {
        say(problem.message, "error");
      }
    },
  });

  /** Chooses a layer's value; where Python names no map or no pixel, the value that is farthest from 0. */
  async function choose({ layer: named, map, pixel }) {
    if (named === null) return pick(-1, null);
    const layer = typeof named === "string" ? [...Array(model.first).keys()].map((i) => i - model.first).find((i) => model.nameOf(i) === named) : named; // prettier-ignore
    while (isBusy() || !shown()) await new Promise((done) => setTimeout(done, SOON)); // an image that is new as well comes first
    const tensor = valuesOf(shown())[layer + model.first];
    const shape = model.shapes[layer + model.first];
    const [columns, rows] = shape.length > 1 ? [shape.at(-2), shape.slice(0, -2).reduce((a, b) => a * b, 1)] : [1, 1];
    const channels = map === null || map >= shape.at(-1) ? [...Array(shape.at(-1)).keys()] : [map];
    if (channels.length === 1 && pixel && pixel[0] < rows && pixel[1] < columns)
      return pick(layer, indexIn(shape, { row: pixel[0], column: pixel[1], channel: channels[0] }));
    if (!tensor) return pick(layer, channels[0]); // Python has not sent its values yet
    const largest = channels.map((channel) => strongest(tensor, channel));
    pick(layer, largest.reduce((a, b) => (Math.abs(tensor.data[b]) > Math.abs(tensor.data[a]) ? b : a)));
  }

  /** Fetches a test image that the page was not given. */
  async function bring(number) {
    if (collection.find(number) < 0) collection.add(number, await askForPictures("ask/image", { image: number }));
  }

  return {
    /** Takes over what Python has; before the address is read, since images that it names must be there. */
    async begin() {
      const { state: first } = await begun;
      const image = first.image ?? readAddress(first.address ?? "").image;
      if (typeof image === "number") await bring(image).catch((problem) => say(problem.message, "error"));
      step.begin(first);
    },
    tell: step.tell,
  };
}

const isBusy = () => byId("result").getAttribute("aria-busy") === "true";

/** What Python is told of the page's state and its newest run. */
function described({ view, source, image, drawing, position, unit }, run, model, names) {
  const [shape, tensor] = [model.shapes, valuesOf(run)].map((all) => all[position + model.first]);
  const at = unit === null ? null : positionIn(shape, unit);
  return {
    view,
    image: source === "test" ? image : null,
    drawing: source === "draw" ? drawing : null,
    upload: OWN.includes(source) ? run.given[0].data : null,
    layer: unit === null ? null : position < 0 ? model.nameOf(position) : position,
    map: at && at.channel,
    pixel: at && shape.length > 1 ? [at.row, at.column] : null,
    value: at && tensor ? tensor.data[unit] : null,
    prediction: run.given[0].blank || !names.length ? null : predictionOf(run.outputs[model.main], model, names),
  };
}

/** {class, name, probability, probabilities}, as `predict` gives them in Python. */
export function predictionOf(output, model, names) {
  const scores = scoresOf(output, endsInProbabilities(model));
  const top = best(scores);
  const probabilities = endsInProbabilities(model) ? [...scores] : softmax(output.data.length > 1 ? [...scores] : [0, output.data[0]]);
  return { class: top, name: names[top], probability: probabilities[top], probabilities };
}

/** A single logit of class 1 is softmax' of itself beside 0. */
function softmax(logits) {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
