// What an activation does to a map: the map before it, the curve that each value goes through, the map after it.

import { h, setText, svg } from "../shared/dom.js";
import { createImageView } from "../shared/image-view.js";
import { theme } from "../shared/theme.js";
import { channelsOf, consequence, hasActivation, mapBefore } from "./before-activation.js";
import { linePath } from "./curves.js";
import { largest } from "./grids.js";
import { mapImage } from "./maps.js";
import { positionIn } from "./positions.js";
import { activationName, value } from "./words.js";

const STEPS = 120; // along the curve

/** The figure; `show(about, tensor, unit)` takes what inspector.js knows of a value: {found, layer, inputs}. */
export function createActivationFigure() {
  const title = h("h3", {});
  const words = h("p", { class: "note" });
  const [before, after] = ["before", "after"].map((when) => createMap(when));
  const curve = createCurve();
  const parts = h("div", { class: "trio" }, before.figure, curve.figure, after.figure);
  const element = h("section", { id: "activation", class: "activation", hidden: true }, title, parts, words);
  let known = {}; // of the map that was last shown: hovering over it shows the same again, with another pixel

  /** The maps before and after, their common scale and what became of the values. */
  function mapsOf({ layer, inputs }, tensor, channel, name) {
    if (known.data === tensor.data && known.channel === channel) return known;
    const given = mapBefore(layer, inputs, channel);
    const made = channelsOf(tensor, channel, 1);
    const limit = Math.max(largest(given.data), largest(made.data));
    known = { data: tensor.data, channel, given, made, limit, words: consequence(given.data, made.data, name) };
    return known;
  }

  return {
    element,
    hide: () => (element.hidden = true),
    show(about, tensor, unit) {
      const { found, layer } = about;
      element.hidden = !found.apply || !hasActivation(layer);
      if (element.hidden) return;
      const name = activationName(found.activation ?? found.name);
      const given = found.before ?? found.x;
      const { row, column, channel } = positionIn(tensor.shape, unit);
      const maps = tensor.shape.length === 3;
      setText(title, `What ${name} does to this ${maps ? "map" : "sum"}`);
      before.figure.hidden = after.figure.hidden = words.hidden = !maps;
      if (!maps) return curve.show({ name, given, made: found.value, apply: found.apply, limit: largest([given, found.value]) });
      const pair = mapsOf(about, tensor, channel, name);
      const { limit } = pair;
      curve.show({ name, given, made: found.value, apply: found.apply, limit });
      before.show(pair.given, { row, column, limit, text: `before ${name}: ${value(given)}` });
      after.show(pair.made, { row, column, limit, text: `after ${name}: ${value(found.value)}` });
      setText(words, pair.words);
    },
  };
}

function createMap(when) {
  const holder = h("div", { class: "holder" });
  const caption = h("figcaption", {});
  const view = createImageView(holder, { name: `The map ${when} the activation`, most: Infinity });
  return {
    figure: h("figure", { class: when }, holder, caption),
    show(tensor, { row, column, limit, text }) {
      view.show(mapImage(tensor, 0, limit, theme()));
      view.mark([{ kind: "frame", row, column, rows: 1, columns: 1 }]);
      setText(caption, text);
    },
  };
}

/** The curve of a function from -limit to limit, with one point of it. */
function createCurve() {
  const axes = svg("path", { class: "axes", d: "M0 50H100M50 0V100" });
  const line = svg("path", { class: "graph" });
  const dot = svg("circle", { class: "dot", r: 4 });
  const drawing = svg("svg", { viewBox: "-4 -4 108 108", role: "img" });
  drawing.append(axes, line, dot);
  const caption = h("figcaption", {});
  return {
    figure: h("figure", { class: "curve" }, drawing, caption),
    show({ name, given, made, apply, limit }) {
      const place = (x, y) => [50 + (50 * x) / limit, 50 - (50 * y) / limit];
      const at = (i) => (2 * limit * i) / STEPS - limit;
      line.setAttribute("d", linePath(Array.from({ length: STEPS + 1 }, (_, i) => place(at(i), apply(at(i))))));
      const [x, y] = place(given, made);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      drawing.setAttribute("aria-label", `The curve of ${name}: ${value(given)} becomes ${value(made)}`);
      setText(caption, `${value(given)} → ${value(made)}`);
    },
  };
}
