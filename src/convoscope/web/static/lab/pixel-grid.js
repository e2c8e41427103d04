// Pixels as numbers: a part of an image around the window, large enough to read.

import { corner, crisp, frame, token } from "../shared/canvas.js";
import { CLIPPED, css, ink } from "../shared/colour.js";
import { h } from "../shared/dom.js";
import { brief, number } from "../shared/format.js";
import { ARROWS, heightOf } from "../shared/image-view.js";

const MOST_CELLS = 11;
const SMALLEST = 48; // CSS pixels of a cell, where there is room for that

/** The grid in `holder`; `onpoint` and `onmove` as in image-view.js. */
export function createPixelGrid(holder, { name, onpoint, onmove }) {
  const canvas = h("canvas", { class: "grid", tabIndex: 0, role: "application", "aria-label": name });
  holder.append(canvas);
  let view = { top: -1e6, left: -1e6, rows: 1, columns: 1, cell: 1 };
  let drawn = null;

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / view.cell);
    const column = Math.floor((event.clientX - box.left) / view.cell);
    if (row >= 0 && column >= 0 && row < view.rows && column < view.columns)
      onpoint(row + view.top, column + view.left);
  };
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    onmove(...ARROWS[event.key]);
  });

  function draw() {
    const room = holder.clientWidth;
    if (!drawn || !room) return;
    const { bounds, window: box, look, lit, dots } = drawn;
    const cells = Math.max(5, Math.min(MOST_CELLS, Math.floor(room / SMALLEST)));
    view = follow(view, bounds, box, cells);
    view.cell = Math.floor(Math.min(room, 460, heightOf(holder)) / Math.max(view.columns, view.rows));
    const { cell } = view;
    const context = crisp(canvas, view.columns * cell, view.rows * cell);
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let y = 0; y < view.rows; y++) {
      for (let x = 0; x < view.columns; x++) {
        drawCell(context, x * cell, y * cell, cell, look(y + view.top, x + view.left));
      }
    }
    const position = (row, column) => [(column - view.left) * cell, (row - view.top) * cell];
    context.fillStyle = token("accent");
    for (const [row, column] of dots(view)) {
      const [x, y] = position(row, column);
      context.beginPath();
      context.arc(x + cell / 2, y + cell - 4, Math.max(1.5, cell / 18), 0, 7);
      context.lineWidth = 2;
      context.strokeStyle = token("halo");
      context.stroke();
      context.fill();
    }
    context.strokeStyle = token("accent");
    context.lineWidth = 1.5;
    for (const [row, column] of lit) {
      const [x, y] = position(row, column);
      context.strokeRect(x + 1.5, y + 1.5, cell - 3, cell - 3);
    }
    if (!box.rows) return;
    const [x, y] = position(box.top, box.left);
    frame(context, x + 1, y + 1, box.columns * cell - 2, box.rows * cell - 2);
  }

  new ResizeObserver(draw).observe(holder);
  return {
    /**
     * Draws the grid: `bounds` {top, left, bottom, right} of what exists, padding included; `window` {top, left, rows,
     * columns}; `look(row, column)` gives {value, colour, state, cut}; `lit`
     * the cells under the kernel's numbers; `dots(view)` where windows have their middle.
     */
    show(what) {
      drawn = what;
      draw();
    },
    describe: (text) => canvas.setAttribute("aria-label", `${name}. ${text} Arrow keys move the window.`),
  };
}

/** The part to show: as before where the window is still inside it, else moved just enough. */
function follow(view, bounds, box, cells) {
  const axis = (start, low, high, first, length) => {
    const shown = Math.min(Math.max(cells, length), Math.max(high - low, length));
    const margin = length < shown - 1 ? 1 : 0;
    const jumped = first + length <= start || first >= start + shown;
    const wanted = jumped ? first - Math.floor((shown - length) / 2) : start;
    let from = Math.max(low, Math.min(wanted, high - shown));
    if (first - margin < from) from = Math.max(Math.min(low, first), first - margin);
    if (first + length + margin > from + shown)
      from = Math.min(first + length + margin, Math.max(high, first + length)) - shown;
    return [from, shown];
  };
  const [top, rows] = axis(view.top, bounds.top, bounds.bottom, box.top, box.rows);
  const [left, columns] = axis(view.left, bounds.left, bounds.right, box.left, box.columns);
  return { ...view, top, left, rows, columns };
}

function drawCell(context, x, y, cell, { value, colour, state, cut }) {
  if (state === "nothing") return;
  const outside = state === "missing" || state === "padded";
  context.fillStyle = outside ? token("outside") : css(colour);
  context.fillRect(x, y, cell, cell);
  context.strokeStyle = token("grid");
  context.lineWidth = 1;
  context.setLineDash(outside ? [3, 3] : []);
  context.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
  if (cut) corner(context, x, y, cell, css(CLIPPED[cut]));
  if (cell < 17) return;
  const text = state === "missing" ? "?" : Math.abs(value) < 10 ? brief(value) : number(value, 0);
  context.fillStyle = outside ? token("muted") : ink(colour);
  const size = Math.min(cell * 0.45, (cell * 1.42) / Math.max(text.length, 2), 16);
  context.font = `${size}px ${token("numbers")}`;
  if (size >= 6) context.fillText(text, x + cell / 2, y + cell / 2 + 0.5);
}
