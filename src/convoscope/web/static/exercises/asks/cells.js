// Answers in grids: one cell that is chosen, or numbers for all of them.

import { h } from "../../shared/dom.js";
import { number, parseNumber } from "../../shared/format.js";
import { ARROWS } from "../../shared/image-view.js";
import { colouring } from "../shows/grid.js";
import { painted } from "../shows/painting.js";

/** {label, rows}: the cells are buttons, between which the arrow keys move. */
export function cell({ label, rows }) {
  const colour = colouring(rows, rows.flat().some((value) => value < 0));
  let chosen = null;
  const buttons = rows.map((row, y) => row.map((value, x) => cellButton(value, y, x)));

  function cellButton(value, y, x) {
    const button = h("button", { type: "button", class: "cell", "aria-pressed": "false", "aria-label": `Row ${y}, column ${x}: ${number(value)}`, tabIndex: y || x ? -1 : 0, onclick: () => choose(y, x) }, number(value)); // prettier-ignore
    return painted(button, () => {
      const { background, text } = colour(value);
      Object.assign(button.style, { background, color: text });
    });
  }

  function choose(y, x) {
    chosen = [y, x];
    buttons.flat().forEach((button) => button.setAttribute("aria-pressed", "false"));
    buttons[y][x].setAttribute("aria-pressed", "true");
    reach(y, x);
  }

  function reach(y, x) {
    buttons.flat().forEach((button) => (button.tabIndex = -1));
    buttons[y][x].tabIndex = 0;
    buttons[y][x].focus();
  }

  function move(event) {
    if (!ARROWS[event.key]) return;
    const at = buttons.findIndex((row) => row.includes(event.target));
    const [y, x] = [at + ARROWS[event.key][0], buttons[at].indexOf(event.target) + ARROWS[event.key][1]];
    event.preventDefault();
    if (buttons[y]?.[x]) reach(y, x);
  }

  const head = h("tr", {}, h("td", { class: "corner" }), rows[0].map((_, x) => h("th", { scope: "col" }, String(x))));
  const lines = buttons.map((row, y) => h("tr", {}, h("th", { scope: "row" }, String(y)), row.map((button) => h("td", {}, button))));
  const table = h("table", { class: "numbers choosable", onkeydown: move }, head, lines);
  return {
    element: h("figure", { class: "shown" }, h("figcaption", {}, label), h("div", { class: "wide" }, table)),
    focus: () => buttons.flat().find((button) => button.tabIndex === 0).focus(),
    answer: () => (chosen ? { value: chosen } : { problem: "Choose a pixel." }),
  };
}

/** {label, rows, columns}: a field for each cell. */
export function cells({ label, rows, columns }) {
  const fields = Array.from({ length: rows }, (_, y) =>
    Array.from({ length: columns }, (__, x) => h("input", { type: "text", inputmode: "text", autocomplete: "off", class: "cell", "aria-label": `Row ${y}, column ${x}` })),
  );
  return {
    element: fieldsOf(label, fields),
    focus: () => fields[0][0].focus(),
    answer: () => numbersIn(fields),
    /** Marks the cells that are not right. */
    show: ({ wrong = [] }) => fields.forEach((row, y) => row.forEach((field, x) => field.setAttribute("aria-invalid", String(wrong.some(([r, c]) => r === y && c === x))))), // prettier-ignore
  };
}

/** Fields in rows, under a label. */
export function fieldsOf(label, fields) {
  const lines = fields.map((row) => h("div", { class: "fields-row" }, row));
  return h("fieldset", { class: "shown" }, h("legend", {}, label), lines);
}

/** {value} as rows of numbers, or the {problem} with the first field that has none. */
export function numbersIn(fields) {
  for (const [y, row] of fields.entries()) {
    for (const [x, field] of row.entries()) {
      const place = `row ${y}, column ${x}`;
      if (!field.value.trim()) return { problem: `Type a number in ${place}.` };
      if (Number.isNaN(parseNumber(field.value))) return { problem: `“${field.value}” in ${place} is not a number.` };
    }
  }
  return { value: fields.map((row) => row.map((field) => parseNumber(field.value))) };
}
