// The network: the image below, each layer above the one that it takes from, the answer on top.

import { h } from "../shared/dom.js";
import { createLayerCard } from "./layer-card.js";
import { placeIn } from "./places.js";

/**
 * The tower in `holder`; `onpick(place, {row, column, channel})`, place −1 for the input; `ontoggle(place)`.
 * `lastCard(layers, onpick)` gives what the last card shows instead of maps, {list, render}, or null.
 */
export function createTower(holder, { layers, lastCard, onpick, ontoggle }) {
  const last = layers.length - 1;
  let units = Infinity; // one output can stand for two classes
  const answer = lastCard(layers, (index) => onpick(last, { channel: Math.min(index, units - 1) }));
  const cards = [null, ...layers].map((layer, i) =>
    createLayerCard({
      name: layer ? layer.name : "input",
      layer,
      place: i - 1,
      onpick: (unit) => onpick(i - 1, unit),
      ontoggle: () => ontoggle(i - 1),
      body: answer && i - 1 === last ? answer.list : null,
    }),
  );
  for (const [i, { card }] of [...cards.entries()].reverse()) {
    holder.append(card);
    if (i) holder.append(h("p", { class: "up", "aria-hidden": "true" }, "↑"));
  }

  return {
    /** Shows a run: {input, outputs, label, place, unit (flat index), off: place -> channels, folded: set of places}. */
    render({ input, outputs, label, place, unit, off, folded }) {
      units = outputs[last].data.length;
      cards.forEach((card, i) => {
        const tensor = i ? outputs[i - 1] : input;
        const selected = place === i - 1 && unit !== null ? placeIn(tensor.shape, unit) : null;
        card.render({ tensor, selected, off: off.get(i - 1) ?? [], folded: folded.has(i - 1) });
      });
      answer?.render(outputs[last], label, place === last ? unit : null);
    },
    card: (place) => cards[place + 1].card,
  };
}

/** The layers that show nothing new: they are folded at first. */
export function folded(layers) {
  const quiet = ({ type, steps }) => steps.length === 0 || ["Flatten", "Reshape", "Rescaling"].includes(type);
  return layers.flatMap((layer, place) => (quiet(layer) && place < layers.length - 1 ? [place] : []));
}
