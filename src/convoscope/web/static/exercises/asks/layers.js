// A small network whose settings can be changed; its shapes follow.

import { h, select, setText } from "../../shared/dom.js";
import { parseNumber } from "../../shared/format.js";
import { shapesOf } from "../layers.js";
import { wrongIn } from "../kinds/network.js";
import { shapeText } from "../writing.js";

const SETTINGS = {
  Conv2D: [["filters", "filters"], ["window", "kernel size"], ["stride", "stride"], ["padding", "padding"]],
  MaxPooling2D: [["window", "pool size"]],
  Flatten: [],
  Reshape: [["shape", "target shape"]],
  Dense: [["units", "units"]],
}; // prettier-ignore
const DEFAULTS = { stride: 1, padding: "valid" };
const MOST = 100_000;

/** {input, layers, classes}. */
export function layers({ input, layers: given, classes }) {
  const state = { input, layers: structuredClone(given) };
  const outputs = [input, ...given].map(() => h("td", { class: "shape" }));
  const told = h("p", { class: "note", "aria-live": "polite" });
  const shapes = [input.slice(0, 2), input.length === 3 ? input : [...input, 1]];
  const bare = shapes.map((shape) => [shape.join(","), `(${shape.join(", ")})`]);
  const first = select("shape", bare, (value) => change(() => (state.input = value.split(",").map(Number))));
  first.control.value = input.join(",");
  first.field.classList.add("wider");
  const line = (name, fields, output) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, h("div", { class: "settings" }, fields)), output);
  const rows = [line("Input", [first.field], outputs[0]), ...state.layers.map((layer, i) => line(layer.type, fieldsOf(layer), outputs[i + 1]))];

  function fieldsOf(layer) {
    return SETTINGS[layer.type].map(([name, label]) => {
      if (name === "padding") return select(label, [["valid", "valid"], ["same", "same"]], (value) => change(() => (layer.padding = value))).field; // prettier-ignore
      const start = layer[name] ?? DEFAULTS[name];
      const control = h("input", { type: "text", inputmode: "numeric", autocomplete: "off", value: String(start) });
      control.addEventListener("input", () => {
        const value = parseNumber(control.value);
        const good = Number.isInteger(value) && value >= 1 && value <= MOST;
        control.setAttribute("aria-invalid", String(!good));
        if (good) change(() => (layer[name] = name === "shape" ? [value] : value));
      });
      return h("label", { class: "field" }, h("span", {}, label), control);
    });
  }

  function change(act) {
    act();
    show();
  }

  function show() {
    const { shapes: made, problem } = shapesOf(state.layers, state.input);
    [state.input, ...made].forEach((shape, i) => setText(outputs[i], shapeText(shape)));
    outputs.slice(made.length + 1).forEach((output, i) => setText(output, problem && i === 0 ? "does not fit" : "–"));
    outputs.forEach((output, i) => output.classList.toggle("bad", problem !== null && i === problem.layer + 1));
    setText(told, wrongIn({ shapes: made, problem }, classes, state.layers) || "All shapes fit.");
  }

  show();
  const head = h("tr", {}, ["Layer", "Settings", "Output shape"].map((text) => h("th", { scope: "col" }, text)));
  return {
    element: h("div", {}, h("table", { class: "layers" }, h("thead", {}, head), h("tbody", {}, rows)), told),
    focus: () => first.control.focus(),
    answer: () => ({ value: structuredClone(state) }),
  };
}
