// What the network says of the image, in words, beside the image as the network receives it.

import { byId, delayed, h } from "../shared/dom.js";
import { best, scoresOf } from "./prediction.js";
import { imageShape, paintOn } from "./images.js";
import { percent, value } from "./words.js";

/** The verdict on the page; `probabilities` says whether the last layer's values are such. */
export function createVerdict({ explorer: { names, range }, probabilities }) {
  const announce = delayed(500, (text) => (byId("announce").textContent = text));

  return {
    /** Shows what a run came to: {input, outputs, label}. */
    render({ input, outputs, label }) {
      const scores = scoresOf(outputs.at(-1), probabilities);
      const top = best(scores);
      const sure = probabilities ? percent(scores[top]) : `score ${value(scores[top])}, a logit`;
      const right = label === top;
      byId("verdict").replaceChildren(names[top], h("span", { class: "muted" }, sure));
      byId("truth").textContent =
        label === null ? "" : right ? "That is right." : `That is wrong: it is ${names[label]}.`;
      byId("truth").className = right ? "right" : "wrong";
      const canvas = byId("received");
      canvas.parentElement.hidden = !imageShape(input.shape);
      if (imageShape(input.shape)) paintOn(canvas, input, range);
      announce(`The prediction is ${names[top]}, ${sure}.`);
    },
  };
}
