// An answer that is typed: a number, or a code.

import { h } from "../../shared/dom.js";
import { parseNumber } from "../../shared/format.js";

/** {label, whole}. */
export function number({ label, whole = false }) {
  const field = typed(label, whole ? "numeric" : "decimal");
  return {
    ...field,
    answer() {
      const text = field.input.value;
      const value = parseNumber(whole ? text.replace(/[\s,.](?=\d{3}\b)/g, "") : text); // 36,928 is a whole number
      if (!text.trim()) return { problem: "Type a number." };
      return Number.isNaN(value) ? { problem: `“${text}” is not a number.` } : { value };
    },
  };
}

/** {label}. */
export function word({ label }) {
  const field = typed(label, "text");
  return { ...field, answer: () => (field.input.value.trim() ? { value: field.input.value } : { problem: "Type the code that the check prints." }) };
}

function typed(label, mode) {
  const input = h("input", { type: "text", inputmode: mode, autocomplete: "off", spellcheck: "false", class: "typed" });
  return { input, element: h("label", { class: "field answer" }, h("span", {}, label), input), focus: () => input.focus() };
}
