// The network: the images below, each layer above those that it takes from, branches side by side, the prediction on top.

import { h } from "../shared/dom.js";
import { createArcs } from "./arcs.js";
import { columnsOf, shortcuts } from "./branches.js";
import { createLayerCard } from "./layer-card.js";
import { valuesOf } from "./opened.js";
import { positionIn } from "./positions.js";

/**
 * The tower in `holder`; `onpick(position, {row, column, channel})`, positions before 0 for the inputs;
 * `ontoggle(position)`. `lastCard(model, onpick)` gives what the main output's card shows instead of maps, {list,
 * render}, or null. `model`: from opened.js.
 */
export function createTower(holder, { model, lastCard, onpick, ontoggle }) {
  const { first, main, layers } = model;
  let units = Infinity; // one output can stand for two classes
  const prediction = lastCard(model, (index) => onpick(main, { channel: Math.min(index, units - 1) }));
  const cards = model.shapes.map((_, value) => {
    const position = value - first;
    return createLayerCard({
      name: model.nameOf(position),
      layer: layers[position] ?? null,
      notes: notesOf(model, value),
      position,
      onpick: (unit) => onpick(position, unit),
      ontoggle: () => ontoggle(position),
      body: prediction && position === main ? prediction.list : null,
    });
  });
  const columns = columnsOf(model);
  const pairs = shortcuts(columns, model);
  put(holder, columns);
  const arcs = createArcs(holder, {
    pairs,
    cardOf: (value) => cards[value].card,
    nameOf: (value) => model.nameOf(value - first),
  });

  /** Puts a column's cards into an element, the last one on top. */
  function put(element, column) {
    column.forEach((item, i) => {
      if (i) element.prepend(h("p", { class: "up", "aria-hidden": "true" }, "↑"));
      if (item.branches) element.prepend(sideBySide(item.branches));
      else element.prepend(cards[item].card);
    });
  }

  function sideBySide(branches) {
    const made = branches.map((branch) => {
      const cards = h("div", { class: "cards" });
      put(cards, branch);
      return h("div", { class: "branch" }, h("span", { class: "rail", "aria-hidden": "true" }), cards);
    });
    return h("div", { class: "branches", role: "group", "aria-label": `${branches.length} branches` }, made);
  }

  return {
    /** Shows a run: {inputs, outputs, label, position, unit (flat index), off: position -> channels, folded: set of positions}. */
    render({ inputs, outputs, label, position, unit, off, folded }) {
      units = outputs[main].data.length;
      valuesOf({ inputs, outputs }).forEach((tensor, value) => {
        const own = value - first;
        const selected = position === own && unit !== null ? positionIn(tensor.shape, unit) : null;
        cards[value].render({ tensor, selected, off: off.get(own) ?? [], folded: folded.has(own) });
      });
      arcs.light(unit === null ? null : position + first);
      prediction?.render(outputs[main], label, position === main ? unit : null);
    },
    card: (position) => cards[position + first].card,
  };
}

/** What a card says beside its sizes: where it takes from, if not from below alone; that it shares weights; that it comes out. */
function notesOf(model, value) {
  const { first, layers, outputs, main } = model;
  const layer = layers[value - first];
  const notes = [];
  if (layer && layer.inputs.length > 1) notes.push(`from ${listed(layer.inputs.map((each) => model.nameOf(each - first)))}`);
  if (layer && layer.first !== value - first) notes.push(`the weights of ${layers[layer.first].name} again`);
  if (outputs.length > 1 && outputs.includes(value)) {
    const name = model.outputNames[outputs.indexOf(value)];
    notes.push(value - first === main ? `output “${name}”: the one that is explained` : `output “${name}”: shown only`);
  }
  return notes;
}

const listed = (names) => [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");

/** The positions of layers that show nothing new: they are folded at first. */
export function folded({ layers, main }) {
  const quiet = ({ type, steps }) => steps.length === 0 || ["Flatten", "Reshape", "Rescaling"].includes(type);
  return layers.flatMap((layer, position) => (quiet(layer) && position !== main ? [position] : []));
}
