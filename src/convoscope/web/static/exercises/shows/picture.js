// A grid of many numbers as a picture.

import { h } from "../../shared/dom.js";
import { paint, scaleFor } from "../../shared/scale.js";
import { theme } from "../../shared/theme.js";
import { imageOf } from "../computing.js";
import { painted } from "./painting.js";

/** {title, rows, look}; look: "image", from black at 0 to white at 255, or "signed". */
export function picture({ title, rows, look }) {
  const canvas = h("canvas", { class: "picture", role: "img", "aria-label": `${title}, ${rows.length} by ${rows[0].length} pixels` });
  paintRows(canvas, rows, look);
  return h("figure", { class: "shown" }, h("figcaption", {}, title), canvas);
}

/** Paints rows of numbers on a canvas; `limit`: the end of a signed scale, or null for their own. */
export function paintRows(canvas, rows, look, limit = null) {
  [canvas.width, canvas.height] = [rows[0].length, rows.length];
  painted(canvas, () => {
    const image = imageOf(rows);
    canvas.getContext("2d").putImageData(paint(image, scaleFor(image, look, limit), theme()), 0, 0);
  });
}
