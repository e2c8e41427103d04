// An image on the page with the window drawn on it: two canvases, one for pixels and one for marks.

import { corner, crisp, frame, token } from "./canvas.js";
import { CLIPPED, css } from "./colour.js";
import { h } from "./dom.js";

/** The keys that move a position: [rows, columns]. */
export const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** How high a holder may be at most: its style says so, by the window's height. */
export function heightOf(holder) {
  return parseFloat(getComputedStyle(holder).maxHeight) || Infinity;
}

/**
 * The view in `holder`. `name` is what it is called; `onpoint(row, column)` hears which pixel is pointed at,
 * `onmove(rows, columns)` the arrow keys. Without `onmove` it is a plain picture.
 */
export function createImageView(holder, { name, onpoint, onmove, most }) {
  const pixels = h("canvas", { class: "pixels" });
  const marks = h("canvas", { class: "marks" });
  const stage = h("div", { class: "stage" }, pixels, marks);
  if (onmove) {
    Object.assign(stage, { tabIndex: 0, role: "application" });
    stage.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      onmove(...ARROWS[event.key].map((step) => step * (event.shiftKey ? 10 : 1)));
    });
  } else {
    stage.setAttribute("role", "img");
  }
  holder.append(stage);
  let shape = [1, 1];
  let scale = 1;
  let last = [];

  const point = (event) => {
    const box = stage.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / scale);
    const column = Math.floor((event.clientX - box.left) / scale);
    if (row >= 0 && column >= 0 && row < shape[0] && column < shape[1]) onpoint(row, column);
  };
  if (onpoint) {
    stage.addEventListener("pointermove", point);
    stage.addEventListener("pointerdown", point);
  }

  function layout() {
    const room = holder.clientWidth;
    if (!room) return;
    scale = Math.min(room / shape[1], Math.min(most, room, heightOf(holder)) / shape[0]);
    if (scale > 4) scale = Math.floor(scale); // cells of a small image on whole pixels
    const [width, height] = [Math.max(1, shape[1] * scale), Math.max(1, shape[0] * scale)];
    for (const element of [stage, pixels]) {
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
    }
    pixels.classList.toggle("enlarged", scale > 1);
    drawMarks();
  }

  function drawMarks() {
    const context = crisp(marks, shape[1] * scale, shape[0] * scale);
    for (const { kind, row, column, rows, columns } of last) {
      const box = [column * scale, row * scale, columns * scale, rows * scale];
      if (kind === "veil") {
        context.fillStyle = token("veil");
        context.fillRect(...box);
      } else if (kind !== "frame") {
        corner(context, box[0], box[1], scale, css(CLIPPED[kind]));
      } else {
        const grow = Math.max(0, 7 - Math.min(box[2], box[3])) / 2; // one pixel of 512 would be lost
        frame(context, box[0] - grow, box[1] - grow, box[2] + 2 * grow, box[3] + 2 * grow);
      }
    }
  }

  new ResizeObserver(layout).observe(holder);
  window.addEventListener("resize", layout); // its height too
  return {
    stage,
    /** Shows painted pixels. */
    show(image, text = "") {
      const resized = shape[0] !== image.height || shape[1] !== image.width || !pixels.style.width;
      shape = [image.height, image.width];
      if (pixels.width !== image.width || pixels.height !== image.height)
        [pixels.width, pixels.height] = [image.width, image.height];
      pixels.getContext("2d").putImageData(image, 0, 0);
      const keys = onmove ? " Arrow keys move the window, with Shift by ten." : "";
      stage.setAttribute("aria-label", `${name}, ${image.height} by ${image.width} pixels.${text}${keys}`);
      if (resized) layout();
    },
    /** Draws marks: {kind: "frame" | "veil" | "below" | "above", row, column, rows, columns}, in pixels of the image. */
    mark(list) {
      last = list;
      drawMarks();
    },
    /** The canvas with the pixels, for export. */
    canvas: pixels,
  };
}
