// A grid of numbers in colours: rows and columns have their indices, and a frame may lie on it.

import { css, diverging, ink } from "../../shared/colour.js";
import { h } from "../../shared/dom.js";
import { number } from "../../shared/format.js";
import { theme } from "../../shared/theme.js";
import { painted } from "./painting.js";

/** {title, rows, signed, frame}; frame: {row, column, rows, columns}. */
export function grid({ title, rows, signed = false, frame = null }) {
  const colour = colouring(rows, signed);
  const head = h("tr", {}, h("td", { class: "corner" }), rows[0].map((_, x) => h("th", { scope: "col" }, String(x))));
  const lines = rows.map((row, y) =>
    h("tr", {}, h("th", { scope: "row" }, String(y)), row.map((value, x) => cell(value, edges(frame, y, x), colour))),
  );
  const said = frame ? ` The frame: rows ${frame.row} to ${frame.row + frame.rows - 1}, columns ${frame.column} to ${frame.column + frame.columns - 1}.` : "";
  return h(
    "figure",
    { class: "shown" },
    h("figcaption", {}, title, said && h("span", { class: "visually-hidden" }, said)),
    h("div", { class: "wide", tabIndex: rows[0].length > 6 ? 0 : -1, role: "group", "aria-label": title }, h("table", { class: "numbers" }, head, lines)),
  );
}

/** The colours {background, text} of a value in a grid. */
export function colouring(rows, signed) {
  const limit = Math.max(...rows.flat().map(Math.abs), 1e-6);
  const most = limit <= 1 ? 1 : limit <= 16 ? 16 : 255;
  return (value) => {
    const grey = Math.max(0, Math.min(255, Math.round((value / most) * 255)));
    const found = signed ? diverging(value, limit * 1.6, theme()) : [grey, grey, grey]; // paler than the end of the scale
    return { background: css(found), text: ink(found) };
  };
}

function cell(value, classes, colour) {
  const element = h("td", { class: classes }, number(value, 2));
  return painted(element, () => {
    const { background, text } = colour(value);
    Object.assign(element.style, { background, color: text });
  });
}

function edges(frame, row, column) {
  if (!frame) return "";
  const { row: top, column: left, rows, columns } = frame;
  if (row < top || row >= top + rows || column < left || column >= left + columns) return "";
  const sides = [[row === top, "top"], [row === top + rows - 1, "bottom"], [column === left, "left"], [column === left + columns - 1, "right"]]; // prettier-ignore
  return ["framed", ...sides.filter(([is]) => is).map(([, side]) => `edge-${side}`)].join(" ");
}
