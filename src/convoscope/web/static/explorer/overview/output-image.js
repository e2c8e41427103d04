// The answer of a network whose output is an image: what came out, large.

import { h } from "../../shared/dom.js";
import { imageShape, paintOn } from "../images.js";

/** The picture in `holder`; `range` is [black, white] of the output. */
export function createOutputImage(holder, { model, range }) {
  const canvas = h("canvas", { class: "overview-output", role: "img", "aria-label": "Output" });
  const seen = imageShape(model.shapes[model.main + model.first]) !== null;
  if (seen) holder.prepend(h("figure", {}, canvas, h("figcaption", {}, "Output")));

  return {
    render({ outputs }) {
      if (seen && outputs[model.main]) paintOn(canvas, outputs[model.main], range);
    },
    setMost() {},
    /** The box of the picture, in which all channels end. */
    boxOf: () => (seen ? canvas.getBoundingClientRect() : null),
  };
}
