// Networks whose output is an image, such as an autoencoder: what came out, beside what went in and what should come.
// class-outputs.js is the other kind of output; main.js takes one of the two.

import { byId, delayed, h } from "../shared/dom.js";
import { createBothImages } from "./beside-images.js";
import { createCollection, meanSquaredError, paintOn, showReceived } from "./images.js";
import { imagesOf, squaredError } from "./words.js";

/** The kind of output, as the page takes it: see class-outputs.js. */
export function createImageOutputs({ given, model }) {
  const { explorer } = given;
  const short = ({ error = null }) => (error === null ? null : squaredError(error));
  return {
    collection: withTargets(createCollection(given, model.inputShapes), given, model),
    measure: {
      asks: "error",
      title: `Mean squared error over all ${imagesOf(explorer)}`,
      missing: "The mean squared error is not available offline or without target images.",
      short,
      words: (told) => short(told) && `mean squared error ${short(told)}`,
    },
    verdict: createOutcome(explorer, model),
    lastCard: () => null, // maps, as any layer has them
    mistakes: null,
    why: null,
    both: () => createBothImages(explorer),
  };
}

/** The given images with what should come out of each in the place of its class. */
function withTargets(collection, { explorer, targets }, { shapes, first, main }) {
  const shape = shapes[main + first];
  const size = shape.reduce((a, b) => a * b, 1);
  const all = explorer.indices.map((_, i) => i);
  return {
    ...collection,
    label: (i) => (targets ? { shape, data: targets.subarray(i * size, (i + 1) * size) } : null),
    alike: () => all,
  };
}

/** The verdict: images side by side, and how far what came out is from what should. */
function createOutcome({ ranges, outputRange }, { main }) {
  const announce = delayed(500, (text) => (byId("announce").textContent = text));
  const received = byId("received");
  const came = h("canvas", { id: "came", role: "img", "aria-label": "Output" });
  const wanted = h("canvas", { id: "wanted", role: "img", "aria-label": "Target" });
  const told = h("p", { id: "squared-error" });
  const [out, should] = [came, wanted].map((canvas) =>
    h("figure", { class: "received" }, canvas, h("figcaption", {}, canvas.getAttribute("aria-label"))),
  );
  received.closest(".result").classList.add("outcome");
  received.parentElement.querySelector("figcaption").textContent = "Input";
  byId("says").replaceWith(out, should, told);

  return {
    /** Shows what a run came to: {inputs, outputs, label}; `label` is the image that should come, or null. */
    render({ inputs, outputs, label }) {
      showReceived(received.parentElement, inputs, ranges);
      paintOn(came, outputs[main], outputRange);
      should.hidden = told.hidden = !label;
      if (!label) {
        announce("An image came out.");
        return;
      }
      paintOn(wanted, label, outputRange);
      const error = squaredError(meanSquaredError(outputs[main], label));
      told.replaceChildren("Mean squared error of this image: ", h("b", {}, error));
      announce(`An image came out, with a mean squared error of ${error}.`);
    },
  };
}
