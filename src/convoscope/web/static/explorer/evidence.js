// Where the last convolution found evidence for two classes (Grad-CAM), beside the same from an untrained network.

import { layersOf } from "../engine/index.js";
import { divergingTable } from "../shared/colour.js";
import { h } from "../shared/dom.js";
import { extent } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { imageShape, paintImage } from "./images.js";
import { value } from "./words.js";

const SIDE = 168; // CSS pixels

/** The panel in `holder`; `network` answers, `range` is the images'. */
export function createEvidence(holder, { model, names, range, network }) {
  const { layers, first, needed } = model;
  const position = needed.findLast((each) => layers[each].type === "Conv2D") ?? -1;
  const figures = h("div", { class: "figures" });
  const note = h("p", { class: "note" });
  holder.append(figures, note);
  let asked = 0;

  return {
    /** Shows the evidence in an image for the class that was predicted and the true one (null: not known). */
    async render(inputs, predicted, label) {
      if (position < 0) {
        note.textContent = "Grad-CAM weighs the maps of a convolution, and this network has none.";
        return;
      }
      const input = seenBy(inputs);
      const own = ++asked;
      const classes = label === null || label === predicted ? [predicted] : [predicted, label];
      const [trained, untrained] = await Promise.all(
        [true, false].map((each) => network.evidence({ position, classes, method: "grad_cam", trained: each })),
      );
      if (own !== asked) return; // another image was chosen meanwhile
      const roles = classes.map((each) => (each === label ? "the true class" : "the prediction"));
      if (classes.length === 1 && label !== null) roles[0] = "the prediction, correct";
      figures.replaceChildren(
        ...rows("This network", trained, classes, roles, input),
        ...rows("Untrained, with random weights", untrained, classes, roles, input),
      );
      note.textContent =
        `Grad-CAM at ${layers[position].name}${inputs.length > 1 ? `, over the image of ${model.nameOf(inputs.indexOf(input) - first)}` : ""}: orange speaks for the class, blue against it. Each row has one scale of ` +
        "raw values. What an untrained network shows as well says nothing about what was learned.";
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
        h("div", { class: none ? "heat none" : "heat" }, overlay(input, map, limit, range), none ? h("span", {}, "no positive evidence") : null), // prettier-ignore
        h("figcaption", {}, h("b", {}, names[classes[i]]), ` ${roles[i]}`, h("br"), `${value(low)} to ${value(high)}`),
      );
    });
    return [h("div", { class: "row-of" }, h("h3", {}, title), h("div", { class: "side" }, shown))];
  }
}

function overlay(input, map, limit, range) {
  const image = paintImage(input, range);
  const ratio = Math.max(1, Math.round(window.devicePixelRatio || 1));
  const scale = (SIDE * ratio) / Math.max(image.width, image.height);
  const canvas = h("canvas", {
    width: Math.round(image.width * scale),
    height: Math.round(image.height * scale),
    role: "img",
    "aria-label": "The image with the evidence over it",
  });
  canvas.style.width = `${canvas.width / ratio}px`;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.globalAlpha = 0.75;
  context.drawImage(onCanvas(image), 0, 0, canvas.width, canvas.height);
  context.globalAlpha = 1;
  context.imageSmoothingEnabled = true;
  context.drawImage(onCanvas(heat(map, limit)), 0, 0, canvas.width, canvas.height);
  return canvas;
}

function heat({ shape, data }, limit) {
  const [height, width] = shape;
  const image = new ImageData(width, height);
  const table = divergingTable(theme());
  data.forEach((each, i) => {
    const share = Math.max(-1, Math.min(1, each / limit));
    const at = (255 + Math.round((share < 0 ? -0.6 : 0.6) * 255)) * 3;
    image.data.set(table.subarray(at, at + 3), 4 * i);
    image.data[4 * i + 3] = Math.round(230 * Math.abs(share));
  });
  return image;
}

function onCanvas(image) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
