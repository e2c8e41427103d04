// "The 64 maps that are added up": what each map below contributes to the chosen one, as pictures.

import { h, setText } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { theme } from "../shared/theme.js";
import { hasActivation } from "./before-activation.js";
import { largest } from "./grids.js";
import { mapImage } from "./maps.js";
import { positionIn } from "./positions.js";
import { hasSummands, summand } from "./summands.js";
import { activationName, value } from "./words.js";

const MOST = 64; // pictures: more would be no figure

/**
 * The disclosure; `show(about, tensor, unit, name)` takes what inspector.js knows of a value, and the words for a map
 * below. `choose(channel)` shows that map's window in the arithmetic.
 */
export function createSummandsFigure({ choose }) {
  const summary = h("summary", {});
  const note = h("p", { class: "note" });
  const grid = h("div", { class: "summands-grid" });
  const element = h("details", { class: "summands", hidden: true, ontoggle: () => paint() }, summary, note, grid);
  let now = null; // what to show when it is opened
  let known = {}; // the maps that were last computed: another pixel of the same map needs no others

  function mapsOf({ layer, inputs }, made, channel) {
    if (known.made === made && known.channel === channel && known.theme === theme()) return known.maps;
    const count = inputs[0].shape.at(-1);
    const all = Array.from({ length: count }, (_, from) => ({ from, map: summand(layer, inputs, channel, from) }));
    for (const each of all) each.size = each.map.data.reduce((sum, one) => sum + Math.abs(one), 0);
    all.sort((a, b) => b.size - a.size || a.from - b.from);
    const maps = all.slice(0, MOST);
    const limit = Math.max(...maps.map(({ map }) => largest(map.data)));
    for (const each of maps) Object.assign(each, pictureOf(each, limit));
    known = { made, channel, maps, theme: theme() };
    grid.replaceChildren(...maps.map(({ button }) => button));
    return maps;
  }

  function pictureOf({ from, map }, limit) {
    const pixels = mapImage(map, 0, limit, theme());
    const canvas = h("canvas", { class: "pixels", width: pixels.width, height: pixels.height });
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    const place = h("span", { class: "place" });
    const words = h("span", { class: "amount" });
    const name = h("span", { class: "from" });
    const button = h("button", { type: "button", class: "summand", onclick: () => choose(from) }, h("span", { class: "picture" }, canvas, place), name, words);
    return { button, place, words, name };
  }

  function paint() {
    if (!now || !element.open) return;
    const { about, tensor, unit, name } = now;
    const { row, column, channel } = positionIn(tensor.shape, unit);
    const [height, width] = tensor.shape;
    const maps = mapsOf(about, tensor.data, channel);
    for (const each of maps) {
      Object.assign(each.place.style, { left: `${(100 * column) / width}%`, top: `${(100 * row) / height}%`, width: `${100 / width}%`, height: `${100 / height}%` }); // prettier-ignore
      setText(each.name, name(each.from));
      setText(each.words, value(each.map.data[row * width + column]));
      each.button.setAttribute("aria-pressed", String(each.from === about.context.part));
    }
    const more = about.inputs[0].shape.at(-1) - maps.length;
    setText(
      note,
      `Each picture is one ${about.context.colours ? "colour" : "map"} after its own part of the filter has slid over it; the largest come first` +
        `${more ? `, and ${plural(more, "smaller one")} ${more === 1 ? "is" : "are"} left out` : ""}. ` +
        `Together with the bias, they add up to this map${before(about)}. The numbers are those of the chosen pixel.`,
    );
  }

  return {
    element,
    hide: () => {
      element.hidden = true;
      now = null;
    },
    show(about, tensor, unit, name) {
      element.hidden = tensor.shape.length !== 3 || !hasSummands(about.layer, about.inputs);
      now = element.hidden ? null : { about, tensor, unit, name };
      if (now) setText(summary, `The ${about.inputs[0].shape.at(-1)} ${about.context.colours ? "colours" : "maps"} that are added up`);
      paint();
    },
  };
}

/** Where the sum is the map: before its activation, if it has one. */
function before({ found, layer }) {
  return hasActivation(layer) && found.apply ? ` before ${activationName(found.activation ?? found.name)}` : "";
}
