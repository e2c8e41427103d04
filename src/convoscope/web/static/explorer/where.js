// Where in the image there is evidence for a class: Grad-CAM at any convolution, over the photo.

import { h, oncePerFrame, select } from "../shared/dom.js";
import { extent } from "../shared/scale.js";
import { createFaithful } from "./faithful.js";
import { imageShape } from "./images.js";
import { overlay } from "./overlay.js";
import { describe, value } from "./words.js";

const SIDE = 400; // CSS pixels, where there is room
const CONVOLUTIONS = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"];
const METHODS = [["grad_cam", "Grad-CAM"], ["hires_cam", "HiResCAM"]]; // prettier-ignore

/** The card's content in `holder`; `network` answers. `chosen()` is the class that is asked about. */
export function createWhere(holder, { model, names, range, network, probabilities, say }) {
  const { layers, needed, shapes, first } = model;
  const places = needed.filter((each) => CONVOLUTIONS.includes(layers[each].type) && shapes[each + first].length === 3).reverse();
  const start = needed.findLast((each) => layers[each].type === "Conv2D") ?? places[0];
  const option = (each) => [each, `${layers[each].name}: ${describe(layers[each])}`];
  const layer = select("At", places.map(option), again, { id: "cam-layer" });
  const method = select("Method", METHODS, again, { id: "cam-method" });
  const strength = h("input", { type: "range", id: "cam-strength", min: "0", max: "100", value: "75", oninput: oncePerFrame(paint) });
  const untrained = h("input", { type: "checkbox", id: "cam-untrained", onchange: again });
  const figures = h("div", { class: "figures" });
  const note = h("p", { class: "note" });
  const controls = h(
    "div",
    { class: "cam-controls" },
    layer.field,
    method.field,
    h("label", { class: "field" }, h("span", {}, "Opacity of the heat map"), strength),
    h("label", { class: "check" }, untrained, "Compare with an untrained network"),
  );
  const faithful = createFaithful({ network, names, probabilities });
  holder.append(controls, figures, note, faithful.element);
  if (start !== undefined) layer.control.value = String(start);
  let asked = 0;
  let now = null; // {input, classIndex, scores}
  let found = []; // maps, of this network and perhaps of an untrained one

  async function again() {
    if (!now) return;
    if (start === undefined) {
      controls.hidden = faithful.element.hidden = true;
      note.textContent = "Grad-CAM weights the maps of a convolution, and this network has no convolution.";
      return;
    }
    const own = ++asked;
    const about = { position: Number(layer.control.value), classes: [now.classIndex], method: method.control.value };
    holder.setAttribute("aria-busy", "true");
    try {
      const networks = untrained.checked ? [true, false] : [true];
      const maps = await Promise.all(networks.map((trained) => network.evidence({ ...about, trained })));
      if (own !== asked) return; // another image was chosen meanwhile
      found = maps.map(([map]) => map);
      paint();
      const { input, classIndex, scores } = now;
      faithful.show({
        image: { data: input.data, shape: model.inputShape },
        map: found[0],
        classIndex,
        scores,
        mapOf: async (seed) => (await network.evidence({ ...about, trained: seed === null, seed: seed ?? 1 }))[0],
      });
    } catch (problem) {
      if (own === asked) say(problem.message, "error");
    }
    if (own === asked) holder.setAttribute("aria-busy", "false");
  }

  function paint() {
    if (!now || !found.length) return;
    const titles = ["This network", "Untrained, with random weights"];
    figures.replaceChildren(...found.map((map, i) => figure(map, found.length > 1 ? titles[i] : "")));
    const [rows, columns] = found[0].shape;
    note.textContent =
      `Orange supports ${names[now.classIndex]}, blue counts against it. ${layers[Number(layer.control.value)].name} has maps of ` +
      `${rows}×${columns} values, so each value covers one such part of the photo. Whatever an untrained network also shows says nothing about what was learned.`;
  }

  function figure(map, title) {
    const { low, high } = extent(map);
    const limit = Math.max(Math.abs(low), high, 1e-12);
    const side = Math.min(SIDE, holder.clientWidth || SIDE);
    const label = `The image with the evidence for ${names[now.classIndex]} over it`;
    const canvas = overlay(now.input, range, map, limit, { side, strength: strength.valueAsNumber / 100, label });
    const words = `${title ? `${title}: ` : ""}${value(low)} to ${value(high)}${high <= 0 ? ", no positive evidence" : ""}`;
    return h("figure", {}, h("div", { class: "heat" }, canvas), h("figcaption", {}, words));
  }

  return {
    /** Shows the evidence for a class in the image of the network's last run, whose main output has the values `scores`. */
    render(inputs, classIndex, scores) {
      now = { input: inputs.find(({ shape }) => imageShape(shape)) ?? inputs[0], classIndex, scores };
      again();
    },
    repaint: paint,
  };
}
