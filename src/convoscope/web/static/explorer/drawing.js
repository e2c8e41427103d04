// Drawing on a pad, and what the network receives of it: averaged to its size and, if wanted, placed as the training
// images are.

import { h } from "../shared/dom.js";
import { imageShape, inkOf, toRange } from "./images.js";

const SIDE = 280; // pixels of the pad, about
const PEN = 0.075; // of the pad's shorter side

/**
 * The pad in `holder`. `ondraw(tensor)` hears of every point (`blank` where nothing is drawn), `onstroke(greys)` of what a finished stroke has made: a
 * byte for each pixel that the network receives. `usual`: from `habits` in images.js.
 */
export function createDrawing(holder, { shape, range, edge, usual, ondraw, onstroke }) {
  const [height, width, channels] = imageShape(shape);
  const times = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
  const [paper, ink] = edge >= 0.5 ? ["#fff", "#000"] : ["#000", "#fff"];
  const canvas = h("canvas", {
    id: "pad",
    class: "pad",
    width: width * times,
    height: height * times,
    tabIndex: 0,
    role: "application",
    "aria-label": "Drawing. Arrow keys move the pen, with Shift they draw, Backspace clears.",
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const placed = h("input", { type: "checkbox", id: "placed", onchange: finish });
  placed.checked = true;
  const clear = h("button", { type: "button", id: "clear", onclick: () => (wipe(), finish()) }, "Clear");
  holder.append(
    canvas,
    h("div", { class: "row" }, clear, h("label", { class: "check" }, placed, "Scale and centre like the training images")),
  );
  let last = null;
  let pen = [canvas.width / 2, canvas.height / 2];
  wipe();

  function wipe() {
    context.fillStyle = paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }

  function line(from, to) {
    context.strokeStyle = ink;
    context.lineWidth = Math.max(times, Math.min(canvas.width, canvas.height) * PEN);
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0] + 0.01, to[1]);
    context.stroke();
  }

  function tell() {
    const greys = received(placed.checked ? asUsual(canvas, usual, paper) : canvas);
    const data = new Float32Array(greys.length * channels);
    greys.forEach((grey, i) => data.fill(toRange(grey / 255, range), i * channels, (i + 1) * channels));
    const empty = paper === "#fff" ? 255 : 0;
    ondraw({ shape, data, blank: greys.every((grey) => grey === empty) });
    return greys;
  }

  function finish() {
    onstroke(tell());
  }

  function received(source) {
    const { data } = source.getContext("2d").getImageData(0, 0, source.width, source.height);
    const greys = new Uint8Array(height * width);
    for (let row = 0, to = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        let sum = 0;
        for (let y = row * times; y < (row + 1) * times; y++)
          for (let x = column * times; x < (column + 1) * times; x++) sum += data[4 * (y * source.width + x)];
        greys[to++] = Math.round(sum / times / times);
      }
    }
    return greys;
  }

  /** Puts on the pad what the network is to receive, as it is: not placed anew. */
  function load(greys) {
    placed.checked = false;
    greys.forEach((grey, i) => {
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect((i % width) * times, Math.floor(i / width) * times, times, times);
    });
  }

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    line(last, last);
    tell();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons || !last) return;
    for (const each of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      line(last, at(each));
      last = at(each);
    }
    tell();
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, () => {
      if (last) finish();
      last = null;
    });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!move && event.key !== "Backspace") return;
    event.preventDefault();
    if (!move) wipe();
    else {
      const to = pen.map((position, i) => Math.max(0, Math.min([canvas.width, canvas.height][i], position + move[i] * 10)));
      if (event.shiftKey) line(pen, to);
      pen = to;
    }
    finish();
  });

  return { tell, load };
}

/** A copy in which the ink fills as much of the frame, and has its centre, where it usually does. */
function asUsual(canvas, usual, paper) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const ink = inkOf((row, column) => data[4 * (row * width + column)] / 255, height, width, paper === "#fff" ? 1 : 0);
  if (!ink) return canvas;
  const copy = h("canvas", { width, height });
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.fillStyle = paper;
  context.fillRect(0, 0, width, height);
  const scale = usual.fill / Math.max((ink.bottom - ink.top) / height, (ink.right - ink.left) / width);
  context.imageSmoothingQuality = "high";
  context.setTransform(
    scale,
    0,
    0,
    scale,
    usual.column * width - ink.column * scale,
    usual.row * height - ink.row * scale,
  );
  const box = [ink.left, ink.top, ink.right - ink.left, ink.bottom - ink.top];
  context.drawImage(canvas, ...box, ...box);
  return copy;
}
