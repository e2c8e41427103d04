// One of several answers: texts, or kernels.

import { h } from "../../shared/dom.js";
import { number } from "../../shared/format.js";

let groups = 0;

/** {label, options}; an option is {text} or {kernel}. */
export function choice({ label, options }) {
  const name = `choice-${groups++}`;
  const inputs = options.map((_, i) => h("input", { type: "radio", name, value: String(i) }));
  const lines = options.map((option, i) => h("label", { class: option.kernel ? "option kernel" : "option" }, inputs[i], option.kernel ? numbersOf(option.kernel, i) : h("span", {}, option.text)));
  return {
    element: h("fieldset", { class: options[0].kernel ? "options kernels" : "options" }, h("legend", { class: "visually-hidden" }, label), lines),
    focus: () => (inputs.find((input) => input.checked) ?? inputs[0]).focus(),
    answer() {
      const chosen = inputs.findIndex((input) => input.checked);
      return chosen < 0 ? { problem: "Choose an answer." } : { value: chosen };
    },
  };
}

function numbersOf(rows, i) {
  const cells = rows.flat().map((value) => h("span", {}, number(value, 3)));
  const table = h("span", { class: "small-kernel", "aria-hidden": "true" }, cells);
  table.style.gridTemplateColumns = `repeat(${rows[0].length}, auto)`;
  const said = rows.map((row) => row.map((value) => number(value, 3)).join(" ")).join("; ");
  return [table, h("span", { class: "visually-hidden" }, `Kernel ${i}: ${said}`)];
}
