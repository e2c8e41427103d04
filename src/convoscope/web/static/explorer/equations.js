// The pieces that the arithmetic of a value is written with.

import { h } from "../shared/dom.js";
import { positionIn } from "./positions.js";

export const term = (name, text, properties = {}) =>
  h("span", { class: "term", ...properties }, h("b", {}, text), h("small", {}, name));
export const sign = (text) => h("span", { class: "sign" }, text);
export const equation = (...parts) => h("div", { class: "equation" }, parts);
export const result = (text) => [sign("="), term("value", text, { id: "value" })];

/** A button that leads to the value below; of several layers below, to the one that `which` numbers. */
export function origin(index, context, which = 0) {
  const [{ shape }, name] = which ? [context.inputs[which], context.named(which)] : [context.input, context.inputName];
  const { row, column, channel } = positionIn(shape, index);
  const from = shape.length > 1 ? `map ${channel}, row ${row}, column ${column}` : `number ${channel}`;
  return h("button", { type: "button", onclick: () => context.godown(index, which) }, `Go to ${from} of ${name}`);
}
