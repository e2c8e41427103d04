// Two networks whose outputs are images: what comes out of each, side by side, and which is nearer to what should.

import { h } from "../shared/dom.js";
import { imageShape, meanSquaredError, paintOn } from "./images.js";
import { squaredError } from "./words.js";

/** {aside: nothing, card: the images, render({input, label, runs: [{model, outputs}]})}; `label`: what should come, or null. */
export function createBothImages({ range, outputRange }) {
  const figures = ["Input", "A: output", "B: output", "Target"].map((name) => {
    const canvas = h("canvas", { role: "img", "aria-label": name });
    return { canvas, figure: h("figure", { class: "received" }, canvas, h("figcaption", {}, name)) };
  });
  const words = h("p", { role: "status" });
  const card = h("div", { id: "both", class: "card both outcome" }, figures.map(({ figure }) => figure), words);

  return {
    aside: [],
    card,
    render({ input, label, runs }) {
      const came = runs.map(({ model, outputs }) => outputs[model.main]);
      [input, ...came, label].forEach((tensor, i) => {
        const shape = tensor && imageShape(tensor.shape);
        figures[i].figure.hidden = !shape;
        if (shape) paintOn(figures[i].canvas, tensor, i ? outputRange : range);
      });
      words.textContent = label ? judged(...came.map((each) => meanSquaredError(each, label))) : apart(...came);
    },
  };
}

function judged(a, b) {
  const told = `mean squared error ${squaredError(Math.min(a, b))} against ${squaredError(Math.max(a, b))}`;
  if (squaredError(a) === squaredError(b)) return `Both are equally close to the target: mean squared error ${squaredError(a)}.`;
  return `${a < b ? "A" : "B"} is closer to the target: ${told}.`;
}

const apart = (a, b) => `The two differ by a mean square of ${squaredError(meanSquaredError(a, b))}.`;
