// Where the last convolution found evidence for two classes (Grad-CAM), beside the same from an untrained network.

import { layersOf } from "../engine/index.js";
import { h } from "../shared/dom.js";
import { extent } from "../shared/scale.js";
import { createFaithful } from "./faithful.js";
import { imageShape } from "./images.js";
import { overlay } from "./overlay.js";
import { value } from "./words.js";

const LOOK = { side: 168, photo: 0.75, label: "The image with the evidence over it" };

/** The panel in `holder`; `network` answers, `range` is the images'. */
export function createEvidence(holder, { model, names, range, network, probabilities }) {
  const { layers, first, needed } = model;
  const position = needed.findLast((each) => layers[each].type === "Conv2D") ?? -1;
  const figures = h("div", { class: "figures" });
  const note = h("p", { class: "note" });
  const faithful = createFaithful({ network, names, probabilities, of: "the map of the prediction" });
  faithful.element.hidden = position < 0 || model.inputShapes.length > 1;
  holder.append(figures, note, faithful.element);
  let asked = 0;

  return {
    /** Shows the evidence in an image for the class that was predicted and the true one (null: not known); `scores`: the main output. */
    async render(inputs, predicted, label, scores) {
      if (position < 0) {
        note.textContent = "Grad-CAM weights the maps of a convolution, and this network has no convolution.";
        return;
      }
      const input = seenBy(inputs);
      const own = ++asked;
      const classes = label === null || label === predicted ? [predicted] : [predicted, label];
      figures.setAttribute("aria-busy", "true"); // what stands there is of the image before
      const [trained, untrained] = await Promise.all(
        [true, false].map((each) => network.evidence({ position, classes, method: "grad_cam", trained: each })),
      );
      if (own !== asked) return; // another image was chosen meanwhile
      figures.setAttribute("aria-busy", "false");
      const roles = classes.map((each) => (each === label ? "the true class" : "the prediction"));
      if (classes.length === 1 && label !== null) roles[0] = "the prediction, correct";
      figures.replaceChildren(
        ...rows("This network", trained, classes, roles, input),
        ...rows("Untrained, with random weights", untrained, classes, roles, input),
      );
      note.textContent =
        `Grad-CAM at ${layers[position].name}${inputs.length > 1 ? `, over the image of ${model.nameOf(inputs.indexOf(input) - first)}` : ""}: orange supports the class, blue counts against it. Each row shares one scale of ` +
        "raw values. Whatever an untrained network also shows says nothing about what was learned.";
      const about = { position, classes: [predicted], method: "grad_cam" };
      if (faithful.element.hidden) return;
      faithful.show({
        image: { data: input.data, shape: model.inputShape },
        map: trained[0],
        classIndex: predicted,
        scores,
        mapOf: async (seed) => (await network.evidence({ ...about, trained: seed === null, seed: seed ?? 1 }))[0],
      });
    },
  };

  /** The image that the convolution sees, of several the first one. */
  function seenBy(inputs) {
    const below = layersOf(model, position + first).flatMap((each) => layers[each].inputs);
    return inputs.find((input, value) => below.includes(value) && imageShape(input.shape)) ?? inputs[0];
  }

  function rows(title, maps, classes, roles, input) {
    const limit = Math.max(...maps.map((map) => Math.max(Math.abs(extent(map).low), extent(map).high)), 1e-12);
    const shown = maps.map((map, i) => {
      const { low, high } = extent(map);
      const none = high <= 0;
      return h(
        "figure",
        {},
        h("div", { class: none ? "heat none" : "heat" }, overlay(input, range, map, limit, LOOK), none ? h("span", {}, "no positive evidence") : null), // prettier-ignore
        h("figcaption", {}, h("b", {}, names[classes[i]]), ` ${roles[i]}`, h("br"), `${value(low)} to ${value(high)}`),
      );
    });
    return [h("div", { class: "row-of" }, h("h3", {}, title), h("div", { class: "side" }, shown))];
  }
}
