// The network: the image below, each layer above the one that it takes from, the prediction on top.

import { h } from "../shared/dom.js";
import { createLayerCard } from "./layer-card.js";
import { positionIn } from "./positions.js";

/**
 * The tower in `holder`; `onpick(position, {row, column, channel})`, position −1 for the input; `ontoggle(position)`.
 * `lastCard(layers, onpick)` gives what the last card shows instead of maps, {list, render}, or null.
 */
export function createTower(holder, { layers, lastCard, onpick, ontoggle }) {
  const last = layers.length - 1;
  let units = Infinity; // one output can stand for two classes
  const prediction = lastCard(layers, (index) => onpick(last, { channel: Math.min(index, units - 1) }));
  const cards = [null, ...layers].map((layer, i) =>
    createLayerCard({
      name: layer ? layer.name : "input",
      layer,
      position: i - 1,
      onpick: (unit) => onpick(i - 1, unit),
      ontoggle: () => ontoggle(i - 1),
      body: prediction && i - 1 === last ? prediction.list : null,
    }),
  );
  for (const [i, { card }] of [...cards.entries()].reverse()) {
    holder.append(card);
    if (i) holder.append(h("p", { class: "up", "aria-hidden": "true" }, "↑"));
  }

  return {
    /** Shows a run: {input, outputs, label, position, unit (flat index), off: position -> channels, folded: set of positions}. */
    render({ input, outputs, label, position, unit, off, folded }) {
      units = outputs[last].data.length;
      cards.forEach((card, i) => {
        const tensor = i ? outputs[i - 1] : input;
        const selected = position === i - 1 && unit !== null ? positionIn(tensor.shape, unit) : null;
        card.render({ tensor, selected, off: off.get(i - 1) ?? [], folded: folded.has(i - 1) });
      });
      prediction?.render(outputs[last], label, position === last ? unit : null);
    },
    card: (position) => cards[position + 1].card,
  };
}

/** The layers that show nothing new: they are folded at first. */
export function folded(layers) {
  const quiet = ({ type, steps }) => steps.length === 0 || ["Flatten", "Reshape", "Rescaling"].includes(type);
  return layers.flatMap((layer, position) => (quiet(layer) && position < layers.length - 1 ? [position] : []));
}
