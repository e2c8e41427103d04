// The settings of the step on the bench: how its window moves, and what becomes of its sum.

import { byId, h, select, setValue } from "../shared/dom.js";
import { formula, whySize } from "./walk.js";

const counts = (most, word) => Array.from({ length: most }, (_, i) => [i + 1, i ? `${i + 1} ${word}s` : `1 ${word}`]);
const NUMBERS = ["stride", "dilation"];

/** The settings in #step-settings. */
export function createStepSettings(state) {
  const set = (name) => (value) =>
    state.changeStep({ [name]: NUMBERS.includes(name) || /^\d+$/.test(value) ? Number(value) : value });
  const make = (label, name, options) => ({
    name,
    ...select(label, options, set(name), { id: name === "mode" ? "flipped" : name }),
  });
  const clip = h("input", { type: "checkbox", id: "clip", onchange: () => state.changeStep({ clip: clip.checked }) });
  const whatClipDoes = "Whole numbers from 0 to 255, as an image file holds them";
  const fields = [
    make("Stride", "stride", counts(4, "pixel")),
    make("Padding", "padding", [
      ["valid", "None (valid)"],
      ["same", "Same size"],
      ["full", "Full"],
      [1, "1 pixel"],
      [2, "2 pixels"],
      [3, "3 pixels"],
    ]),
    make("Padded with", "padMode", [
      ["zeros", "Zeros"],
      ["reflect", "Reflection"],
      ["edge", "Edge pixels"],
    ]),
    make("Dilation", "dilation", [
      [1, "None (1)"],
      [2, "2"],
      [3, "3"],
      [4, "4"],
    ]),
    make("Channels", "channels", [
      ["apart", "Kept apart"],
      ["sum", "Summed"],
    ]),
    make("Kernel", "mode", [
      ["correlate", "As written"],
      ["convolve", "Flipped (true convolution)"],
    ]),
    make("Activation", "activation", [
      ["linear", "None"],
      ["relu", "ReLU"],
      ["leaky_relu", "Leaky ReLU"],
      ["absolute", "Absolute"],
      ["tanh", "Tanh"],
      ["sigmoid", "Sigmoid"],
    ]),
  ];
  const clipField = h("label", { class: "check", title: whatClipDoes }, clip, "Clip to 0…255");
  const sizes = byId("formula");
  let shown = "";
  byId("step-settings").append(...fields.map(({ field }) => field), clipField);

  return {
    render({ step, geometry, channels }) {
      byId("step-settings").hidden = step.type === "pool";
      const told = JSON.stringify([step.type, geometry]);
      if (told !== shown) sizes.replaceChildren(...(geometry ? sizeLines(step, geometry) : []));
      shown = told;
      if (step.type === "pool") return;
      for (const { name, field, control } of fields) {
        field.hidden = name === "channels" && channels === 1;
        if (![...control.options].some(({ value }) => value === String(step[name]))) {
          control.append(h("option", { value: String(step[name]) }, String(step[name]))); // from an address
        }
        setValue(control, String(step[name]));
        if (name === "padMode") control.disabled = step.padding === "valid";
      }
      clip.checked = step.clip;
    },
  };
}

function sizeLines(step, geometry) {
  const { rows, columns } = geometry;
  const line = (name, axis) =>
    h("p", { class: "sum" }, h("span", { class: "muted" }, name), `${name && " "}${formula(axis)}`);
  const square = rows.size === columns.size;
  const padding = rows.before + rows.after ? " + padding" : "";
  const terms = `(size${padding} − ${rows.reach === rows.kernel ? "window" : "reach"}) ÷ stride + 1`;
  return [
    h("p", { class: "muted" }, `Output size: ${terms}`),
    square ? line("", rows) : [line("rows", rows), line("columns", columns)],
    h("p", { class: "muted" }, whySize(geometry, step.type === "pool")),
  ].flat();
}
