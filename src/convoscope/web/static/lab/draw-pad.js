// Drawing with mouse, finger or keys, in a dialog.

import { token } from "../shared/canvas.js";
import { byId, h } from "../shared/dom.js";
import { ARROWS } from "../shared/image-view.js";
import { drawingName, SIDE } from "./drawing.js";

/** Opens with #draw; `onuse(name)` gets the finished drawing's name. */
export function createDrawPad(onuse) {
  const pixels = new Float32Array(SIDE * SIDE);
  let cursor = [SIDE / 2, SIDE / 2];
  let keys = false;
  const canvas = h("canvas", {
    id: "pad",
    class: "pad",
    width: SIDE * 10,
    height: SIDE * 10,
    tabIndex: 0,
    role: "application",
    "aria-label": "Drawing, 28 by 28 pixels. Arrow keys move, Space draws, Backspace erases.",
  });
  const dialog = h(
    "dialog",
    { "aria-labelledby": "draw-title" },
    h("h2", { id: "draw-title" }, "Draw"),
    canvas,
    h("p", { class: "note" }, "Draw with the mouse or a finger; with keys: arrows and Space."),
    h(
      "div",
      { class: "row end" },
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            pixels.fill(0);
            paint();
          },
        },
        "Clear",
      ),
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h(
        "button",
        {
          type: "button",
          class: "primary",
          id: "use-drawing",
          onclick: () => {
            dialog.close();
            onuse(drawingName(pixels));
          },
        },
        "Use drawing",
      ),
    ),
  );
  document.body.append(dialog);
  byId("draw").addEventListener("click", () => {
    dialog.showModal();
    paint();
  });

  function dab(row, column, ink = 255) {
    for (let y = Math.floor(row - 2); y <= row + 2; y++) {
      for (let x = Math.floor(column - 2); x <= column + 2; x++) {
        if (y < 0 || x < 0 || y >= SIDE || x >= SIDE) continue;
        const near = Math.max(0, Math.min(1, 1.6 - Math.hypot(y + 0.5 - row, x + 0.5 - column)));
        const at = y * SIDE + x;
        pixels[at] = ink ? Math.max(pixels[at], ink * near) : pixels[at] * (1 - near);
      }
    }
    paint();
  }

  function paint() {
    const context = canvas.getContext("2d");
    pixels.forEach((value, i) => {
      context.fillStyle = `rgb(${value} ${value} ${value})`;
      context.fillRect((i % SIDE) * 10, Math.floor(i / SIDE) * 10, 10, 10);
    });
    if (!keys) return;
    context.lineWidth = 2;
    context.strokeStyle = token("accent");
    context.strokeRect(cursor[1] * 10, cursor[0] * 10, 10, 10);
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    keys = false;
    stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && stroke(event));
  function stroke(event) {
    const box = canvas.getBoundingClientRect();
    for (const part of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      dab(((part.clientY - box.top) / box.height) * SIDE, ((part.clientX - box.left) / box.width) * SIDE);
    }
  }
  canvas.addEventListener("keydown", (event) => {
    const move = ARROWS[event.key];
    if (!move && event.key !== " " && event.key !== "Backspace") return;
    event.preventDefault();
    keys = true;
    if (move) cursor = cursor.map((at, i) => Math.max(0, Math.min(SIDE - 1, at + move[i])));
    else dab(cursor[0] + 0.5, cursor[1] + 0.5, event.key === " " ? 255 : 0);
    paint();
  });
}
