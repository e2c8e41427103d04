// What an exercise shows, block by block: each kind of block has its view.

import { h } from "../../shared/dom.js";
import { number } from "../../shared/format.js";
import { bars, curves } from "./charts.js";
import { grid } from "./grid.js";
import { picture } from "./picture.js";

const VIEWS = { grid, picture, bars, curves, value, equation, code };

/** A block {kind, ...}, or a text, which is a paragraph. */
export const shown = (block) => (typeof block === "string" ? h("p", {}, block) : VIEWS[block.kind](block));

function value({ title, value: shownValue }) {
  return h("figure", { class: "shown single" }, h("figcaption", {}, title), h("p", { class: "value" }, number(shownValue, 4)));
}

function equation({ lines }) {
  return h("div", { class: "equation" }, lines.map((line) => h("p", {}, line)));
}

/** {text, copy}: code; with `copy`, a button puts it into the clipboard. */
function code({ text, copy = false }) {
  const lines = h("pre", { tabIndex: 0, role: "group", "aria-label": "Code" }, h("code", {}, text));
  if (!copy) return h("div", { class: "code" }, lines);
  const button = h("button", { type: "button", onclick: () => take(text, button, lines) }, "Copy code");
  return h("div", { class: "code" }, lines, button);
}

async function take(text, button, lines) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(lines); // the browser allows no more: Ctrl-C does the rest
    button.textContent = "Selected: press Ctrl-C";
  }
}
