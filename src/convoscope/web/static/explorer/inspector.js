// What is chosen, in full: a map with its pixel, what of the image it sees, and its arithmetic.

import { h, renew, setText } from "../shared/dom.js";
import { createImageView } from "../shared/image-view.js";
import { extent } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { createActivationFigure } from "./activation-figure.js";
import { arithmetic } from "./arithmetic.js";
import { channelName, imageOf, shadeOf } from "./colour-channels.js";
import { explainUnit } from "./explain.js";
import { imageShape, paintImage } from "./images.js";
import { mapImage } from "./maps.js";
import { createInspectorPlayer } from "./play/inspector-player.js";
import { indexIn, positionIn } from "./positions.js";
import { reach } from "./reach.js";
import { createSummandsFigure } from "./summands-figure.js";
import { termed } from "./terms.js";
import { describe, value } from "./words.js";

const THUMBNAIL = 26;

/**
 * The inspector in `holder`. actions: {pick(position, unit), close(), choosePart(channel), walk(unit, part), edit(position, weight, index, number),
 * silence(position, channel, off), openLab(position, part, unit)}; without the last there is no filter lab here. `exciting` is the
 * disclosure of exciting.js.
 */
export function createInspector(holder, { model, names, ranges, actions, exciting }) {
  const title = h("h2", {});
  const silence = h("button", { type: "button", id: "silence", onclick: () => now && switchOff() });
  const hint = h("p", { class: "note" }, "Choose a map, a pixel or a neuron to see its arithmetic here.");
  const mapHolder = h("div", { class: "holder" });
  const { layers, first } = model;
  const mapCaption = h("figcaption", {});
  const imageViews = model.inputShapes.map((_, input) => createSeen(input));
  const made = h("figure", {}, mapHolder, mapCaption);
  const pair = h("div", { class: "pair" }, made, imageViews.map(({ figure }) => figure));
  const sums = h("div", { id: "arithmetic", class: "arithmetic" });
  const summands = createSummandsFigure({ choose: actions.choosePart });
  const activation = createActivationFigure();
  const close = h("button", { type: "button", class: "quiet icon", "aria-label": "Close", onclick: actions.close }, "×"); // prettier-ignore
  const counting = h("p", { class: "note" }, "Rows, columns, maps and neurons are counted from 0, as in Python.");
  const player = createInspectorPlayer({
    pair,
    made,
    rows: () => [...sums.querySelectorAll(".shares li")],
    pictureOf: (which, channel) => pictureBelow(layers[now.position].inputs[which], channel),
    nameOf: (which, channel) => mapBelow(layers[now.position].inputs[which], channel),
    termName: (index) => nameOf(layers[now.position].inputs[0] - first, index),
    walk: actions.walk,
    again: () => render(now.shown),
  });
  holder.append(h("div", { class: "head" }, title, silence, close), hint, pair, player.element, sums, summands.element, activation.element, exciting.element, counting);
  const mapView = createImageView(mapHolder, {
    name: "Map",
    most: Infinity,
    onpoint: (row, column) => pickPixel(row, column),
    onmove: (rows, columns) => {
      const { row, column } = positionIn(now.shape, now.unit);
      pickPixel(row + rows, column + columns);
    },
  });
  let now = null;

  function pickPixel(row, column) {
    const [height, width] = now.shape;
    const { channel } = positionIn(now.shape, now.unit);
    if (player.playing() || now.shape.length !== 3 || row < 0 || column < 0 || row >= height || column >= width) return;
    const unit = indexIn(now.shape, { row, column, channel });
    if (player.sweeping()) actions.walk(unit, now.about.context.part);
    else actions.pick(now.position, unit);
  }

  function switchOff() {
    const { channel } = positionIn(now.shape, now.unit);
    actions.silence(now.position, channel, !now.silenced);
  }

  function render(shown) {
    const { inputs, outputs, position, unit, part, off } = shown;
    const nothing = unit === null;
    hint.hidden = !nothing;
    for (const each of [title, silence, close, pair, sums]) each.hidden = nothing;
    holder.classList.toggle("empty", nothing);
    if (nothing) {
      exciting.hide();
      activation.hide();
      summands.hide();
      return player.take(null);
    }
    const tensors = [...inputs, ...outputs];
    const tensor = tensors[position + first];
    const missing = wanted(position).some((each) => !outputs[each]);
    holder.setAttribute("aria-busy", String(missing));
    if (missing) return; // they are on their way; until then the last ones stay
    const { shape } = tensor;
    const { row, column, channel } = positionIn(shape, unit);
    const silenced = (off.get(position) ?? []).includes(channel);
    now = { position, unit, shape, silenced, shown, tensors };
    now.about = position < 0 ? null : aboutValue({ tensors, tensor, position, unit, part });
    player.take(now.about && { ...now.about, position, unit, tensor, part: now.about.context.part });
    const layer = layers[position];
    const maps = shape.length === 3;
    const isLast = position === model.main;
    title.replaceChildren(
      model.nameOf(position),
      h("span", { class: "muted" }, isLast && !maps ? (names[shape.at(-1) === 1 ? 1 : channel] ?? channel) : maps ? nameOfMap(position, channel) : `neuron ${channel}`),
    );
    silence.hidden = position < 0 || isLast;
    const what = !maps ? "neuron" : layer?.weights.kernel ? "filter" : "map";
    silence.textContent = silenced ? `Turn this ${what} on` : `Turn this ${what} off`;
    showViews({ inputs, tensor, position, unit, row, column, channel, maps });
    renew(sums, ...written({ tensor, position, unit, silenced }));
    if (now.about && !silenced) {
      activation.show(now.about, tensor, unit);
      summands.show(now.about, tensor, unit, (from) => nameOfMap(layer.inputs[0] - first, from));
    } else {
      activation.hide();
      summands.hide();
    }
    player.show();
    exciting.show(position, channel);
  }

  function showViews({ inputs, tensor, position, unit, row, column, channel, maps }) {
    mapHolder.parentElement.hidden = !maps;
    if (maps) {
      const { low, high } = extent(tensor);
      const picture =
        position < 0 && imageShape(tensor.shape)
          ? paintImage(tensor, ranges[position + first])
          : mapImage(tensor, channel, Math.max(Math.abs(low), Math.abs(high)), theme(), imageOf(model, ranges, position + first));
      mapView.show(player.made(picture));
      mapView.mark([{ kind: "frame", row, column, rows: 1, columns: 1 }]);
      mapCaption.textContent = `row ${row}, column ${column}: ${value(tensor.data[unit])}`;
    }
    const shapes = [...inputs.map(({ shape }) => shape), ...model.shapes.slice(first)];
    const boxes = position < 0 ? [] : reach(model, shapes, position, unit);
    inputs.forEach((input, i) => imageViews[i].show(input, boxes[i], player.sweeping() ? -1 : position));
  }

  /** An image that goes in, and what of it is seen. */
  function createSeen(input) {
    const place = h("div", { class: "holder" });
    const caption = h("span", {});
    const field = h("span", {}, " (its ", input === 0 ? termed("receptive field") : "receptive field", ")");
    const figure = h("figure", {}, place, h("figcaption", {}, caption, field));
    const called = first === 1 ? "the image" : model.nameOf(input - first);
    const view = createImageView(place, { name: first === 1 ? "The image" : called, most: Infinity });
    return {
      figure,
      show(tensor, box, position) {
        const shape = imageShape(tensor.shape);
        figure.hidden = !shape || position < 0;
        if (figure.hidden) return;
        view.show(paintImage(tensor, ranges[input]));
        const seen = box && box.unit === undefined ? box : { top: 0, left: 0, rows: shape[0], columns: shape[1] };
        const nothing = box === undefined || seen.rows === 0;
        setText(caption, nothing ? `this value does not depend on ${called}` : `the part of ${called} this value depends on`);
        field.hidden = nothing;
        view.mark(nothing ? [] : [{ kind: "frame", row: seen.top, column: seen.left, rows: seen.rows, columns: seen.columns }]);
      },
    };
  }

  /** How the value of a layer comes about, and what is needed to write it: {found, context, layer, inputs}. */
  function aboutValue({ tensors, tensor, position, unit, part }) {
    const layer = layers[position];
    const below = layer.inputs.map((value) => tensors[value]);
    const found = explainUnit(layer, below, tensor.shape, unit);
    const strongest = () => found.parts.reduce((a, b) => (Math.abs(b.sum) > Math.abs(a.sum) ? b : a)).channel;
    const [lower] = layer.inputs;
    const image = imageOf(model, ranges, lower);
    const named = (which) => nameBelow(layer.inputs[which]);
    const context = {
      input: below[0],
      inputs: below,
      inputName: named(0),
      named,
      names,
      colours: Boolean(image?.colours),
      mapName: (channel) => channelName(image, channel),
      shade: (channel) => shadeOf(image, channel, below[0]),
      part: found.parts ? (found.parts.some(({ channel }) => channel === part) ? part : strongest()) : null,
      godown: (index, which = 0) => actions.pick(...source(layer.inputs[which] - first, index)),
      choosePart: actions.choosePart,
      edit: (weight, index, number) => actions.edit(position, weight, index, number),
      thumbnail: (channel) => thumbnail(below[0], channel, image),
      nameOf: (index) => nameOf(lower - first, index),
    };
    return { found, context, layer, inputs: below };
  }

  function written({ tensor, position, unit, silenced }) {
    if (position < 0) return [h("p", { class: "note" }, `A pixel of the image: ${value(tensor.data[unit])}. Every value above is computed from pixels like this.`)]; // prettier-ignore
    const { found, context, layer } = now.about;
    const lines = arithmetic(found, context).filter(Boolean);
    if (layer.type === "Conv2D" && layer.steps[0].groups === 1 && actions.openLab) lines.push(labButton(position, context.part, unit));
    const about = h("p", { class: "note" }, describe(layer));
    return silenced
      ? [about, ...lines, h("p", { class: "note off" }, "Turned off: the network uses 0 instead.")]
      : [about, ...lines];
  }

  function labButton(position, part, unit) {
    return h("button", { type: "button", id: "to-lab", onclick: () => actions.openLab(position, part, unit) }, "Open in the filter lab");
  }

  /** One of the maps that a layer takes, as pixels. */
  function pictureBelow(number, channel) {
    const tensor = now.tensors[number];
    const { low, high } = extent(tensor);
    return mapImage(tensor, channel, Math.max(Math.abs(low), Math.abs(high)), theme(), imageOf(model, ranges, number));
  }

  function mapBelow(number, channel) {
    return now.tensors[number].shape.at(-1) === 1 ? nameBelow(number) : `${nameOfMap(number - first, channel)} of ${nameBelow(number)}`;
  }

  /** The layer and index where a value was made: through layers that only hand it on. */
  function source(position, index) {
    let at = position;
    while (at >= 0 && ["flatten", "reshape", undefined].includes(layers[at].steps[0]?.operation))
      at = layers[at].inputs[0] - first;
    return [at, index];
  }

  function nameBelow(value) {
    return value < first && first === 1 ? "the image" : model.nameOf(value - first);
  }

  function nameOf(position, index) {
    const [at] = source(position, index);
    const shape = model.shapes[at + first];
    const { row, column, channel } = positionIn(shape, index);
    return shape.length === 3 ? `${nameOfMap(at, channel)} at ${row}, ${column}` : `neuron ${channel}`;
  }

  const nameOfMap = (position, channel) => channelName(imageOf(model, ranges, position + first), channel);

  /** The positions of the layers whose values the arithmetic of one is made of. */
  function wanted(position) {
    if (position < 0) return [];
    return [position, ...layers[position].inputs.map((value) => value - first)].filter((each) => each >= 0);
  }

  return { render, wanted, play: player.play, pause: player.pause };
}

const thumbnails = new WeakMap(); // a tensor's values -> "channel theme" -> its canvas, for every move shows ten of them

function thumbnail(tensor, channel, image) {
  if (!thumbnails.has(tensor.data)) thumbnails.set(tensor.data, new Map());
  const made = thumbnails.get(tensor.data);
  const key = `${channel} ${theme()}`;
  if (!made.has(key)) made.set(key, paintThumbnail(tensor, channel, image));
  return made.get(key);
}

function paintThumbnail(tensor, channel, image) {
  const { low, high } = extent(tensor);
  const pixels = mapImage(tensor, channel, Math.max(Math.abs(low), Math.abs(high)), theme(), image);
  const canvas = h("canvas", { class: "thumbnail", width: pixels.width, height: pixels.height });
  canvas.style.width = canvas.style.height = `${THUMBNAIL}px`;
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
