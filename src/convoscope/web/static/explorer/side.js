// One of two networks side by side: its name, the map that is chosen in it, and its layers.

import { crisp, frame } from "../shared/canvas.js";
import { h, oncePerFrame } from "../shared/dom.js";
import { extent } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { channelName, imageOf } from "./colour-channels.js";
import { imageShape, paintImage } from "./images.js";
import { mapImage } from "./maps.js";
import { valuesOf } from "./opened.js";
import { indexIn, positionIn, strongest } from "./positions.js";
import { createTower, folded } from "./tower.js";
import { value } from "./words.js";

const SIDE = 132; // CSS pixels of the chosen map, at most

/**
 * The column of one network. `pick` and `fold` name what the state has of it; `network` gives the values that a run has not
 * brought along.
 */
export function createSide({ letter, title, facts, model, network, names, lastCard, range, state, say, pick, fold }) {
  const canvas = h("canvas", { role: "img" });
  const caption = h("p", { class: "note" });
  const chosen = h("div", { class: "chosen", hidden: true }, canvas, caption);
  const holder = h("div", { class: "tower" });
  const heading = h("h2", {}, h("b", { class: "letter" }, letter), ` ${title}`);
  const column = h(
    "section",
    { class: "side-of", "aria-label": `${letter}: ${title}`, dataset: { side: letter } },
    h("div", { class: "card" }, heading, h("p", { class: "muted small" }, facts), chosen),
    holder,
  );
  const quiet = folded(model);
  const isFolded = () => new Set(state.get()[fold] ?? quiet);
  let shown = null;
  const tensorAt = (position) => valuesOf(shown)[position + model.first];
  const tower = createTower(holder, {
    model,
    ranges: [range],
    lastCard,
    onpick(position, unit) {
      const { shape } = tensorAt(position);
      const index = unit.row === undefined ? strongest(tensorAt(position), unit.channel) : indexIn(shape, unit);
      state.change({ [pick]: [position, index] });
    },
    ontoggle(position) {
      const now = isFolded();
      if (!now.delete(position)) now.add(position);
      state.change({ [fold]: [...now] });
    },
    onblock(numbers) {
      open = numbers;
      draw();
    },
    onseen: oncePerFrame(complete),
  });
  let open = tower.atFirst();
  let off = new Map();

  function showChosen(position, unit) {
    const tensor = tensorAt(position);
    if (!tensor) return;
    const { low, high } = extent(tensor);
    const { row, column: across, channel } = positionIn(tensor.shape, unit);
    const isMap = tensor.shape.length === 3;
    const own = imageOf(model, [range], position + model.first);
    const what = isMap ? channelName(own, channel) : position === model.main && names[channel] ? names[channel] : `neuron ${channel}`; // prettier-ignore
    const where = isMap ? ` at row ${row}, column ${across}` : "";
    caption.textContent = `${model.nameOf(position)}, ${what}: ${value(tensor.data[unit])}${where}`;
    canvas.hidden = !isMap;
    if (!isMap) return;
    canvas.setAttribute("aria-label", caption.textContent);
    const limit = Math.max(Math.abs(low), Math.abs(high));
    const isImage = position < 0 && imageShape(tensor.shape);
    const image = isImage ? paintImage(tensor, range) : mapImage(tensor, channel, limit, theme(), own);
    const scale = SIDE / Math.max(image.width, image.height);
    const context = crisp(canvas, image.width * scale, image.height * scale);
    context.imageSmoothingEnabled = false;
    context.drawImage(asCanvas(image), 0, 0, image.width * scale, image.height * scale);
    frame(context, across * scale + 1, row * scale + 1, Math.max(2, scale - 2), Math.max(2, scale - 2));
  }

  function draw() {
    const [position, unit] = state.get()[pick] ?? [-1, null];
    const known = unit !== null && unit < (model.shapes[position + model.first]?.reduce((a, b) => a * b, 1) ?? 0);
    tower.render({ ...shown, position, unit: known ? unit : null, off, folded: isFolded(), open });
    chosen.hidden = !known;
    if (known) showChosen(position, unit);
    complete();
  }

  async function complete() {
    if (!shown) return;
    const own = shown;
    const [position = -1] = state.get()[pick] ?? [];
    try {
      if ((await network.fill(own.outputs, [...tower.wanted(), ...(position < 0 ? [] : [position])])) && own === shown) draw();
    } catch (problem) {
      say(problem.message, "error");
    }
  }

  return {
    column,
    /** Shows a run of this network: {inputs, outputs, label}; `silenced`: position -> channels that are switched off. */
    render(run, silenced) {
      shown = run;
      off = silenced;
      draw();
    },
  };
}

function asCanvas(image) {
  const canvas = h("canvas", { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
