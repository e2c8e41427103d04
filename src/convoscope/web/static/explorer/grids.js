// Small grids of numbers: what a window sees, the kernel (which can be written into), and their products.

import { css, diverging, ink } from "../shared/colour.js";
import { h } from "../shared/dom.js";
import { readNumber } from "../shared/number-field.js";
import { theme } from "../shared/theme.js";
import { value } from "./words.js";

const READABLE = 5; // larger windows show colours; the numbers are in the titles

/** The largest size among numbers, as the end of a colour scale. */
export const largest = (numbers) => numbers.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);

/** A grid of cells {value, text, title, state, onclick}; `limit` is the end of the colour scale, or `shade(value)` the colour. */
export function grid(caption, rows, limit, shade = null) {
  return figure(
    caption,
    rows,
    rows.flat().map((cell) => {
      const colour = shade ? shade(cell.value) : diverging(cell.value ?? 0, limit, theme());
      const words = { class: `cell ${cell.state ?? ""}`, title: cell.title ?? (cell.value === null ? "" : value(cell.value)) };
      const box = cell.onclick
        ? h("button", { ...words, type: "button", onclick: cell.onclick }, rows.length <= READABLE ? cell.text : "")
        : h("div", words, rows.length <= READABLE ? cell.text : "");
      if (cell.value !== null && cell.state !== "padding") {
        box.style.backgroundColor = css(colour);
        box.style.color = ink(colour);
      }
      return box;
    }),
  );
}

/** Values {weight, text} of the kernel, each in a field; `tap` is a cell's position in the kernel. `onedit(cell, number)`. */
export function editable(caption, rows, limit, onedit) {
  return figure(
    caption,
    rows,
    rows.flat().map((cell) => {
      const [row, column] = cell.tap;
      const field = h("input", {
        type: "text",
        inputMode: "decimal",
        class: "cell",
        "aria-label": `Row ${row}, column ${column} of the kernel`,
        title: String(cell.weight),
        onchange: () => {
          const number = readNumber(field);
          if (number !== null) onedit(cell, number);
        },
        onkeydown: (event) => {
          const step = { ArrowUp: 0.05, ArrowDown: -0.05 }[event.key];
          if (!step) return;
          event.preventDefault();
          onedit(cell, Math.round((cell.weight + step) * 1e4) / 1e4);
        },
        onfocus: () => field.select(),
      });
      field.value = rows.length <= READABLE ? cell.text : "";
      const colour = diverging(cell.weight, limit, theme());
      field.style.backgroundColor = css(colour);
      field.style.color = ink(colour);
      return field;
    }),
  );
}

function figure(caption, rows, cells) {
  const box = h("div", { class: rows.length > READABLE ? "grid tight" : "grid" }, cells);
  box.style.setProperty("--columns", rows[0].length);
  box.style.setProperty("--characters", Math.max(4, ...rows.flat().map(({ text }) => text.length)));
  return h("figure", { class: "numbers" }, box, h("figcaption", {}, caption));
}
