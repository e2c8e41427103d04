// The network: the images below, each layer above those that it takes from, branches side by side, the prediction on top.
// Layers whose names begin alike stand in a block, which opens and closes.

import { h } from "../shared/dom.js";
import { createArcs } from "./arcs.js";
import { createBlockBox } from "./block-box.js";
import { blockOf, blocksIn, factsOf, inBlocks, openAtFirst, valuesIn } from "./blocks.js";
import { imageOf } from "./colour-channels.js";
import { columnsOf, shortcuts } from "./branches.js";
import { createLayerCard } from "./layer-card.js";
import { whatItDoes } from "./layer-words.js";
import { valuesOf } from "./opened.js";
import { positionIn } from "./positions.js";
import { markFirst } from "./terms.js";

/**
 * The tower in `holder`; `onpick(position, {row, column, channel})`, positions before 0 for the inputs;
 * `ontoggle(position)` and `onblock(numbers of the open blocks)` hear of folds, `onseen()` that other layers are seen.
 * `ranges`: the value range of each input. `lastCard(model, onpick)` gives what the main output's card shows instead of maps, {list, render}, or null. `model`: from
 * opened.js.
 */
export function createTower(holder, { model, ranges, lastCard, onpick, ontoggle, onblock, onseen }) {
  const { first, main, layers, shapes } = model;
  let units = Infinity; // one output can stand for two classes
  let last = null; // what was rendered
  let marked = null; // which cards were open when the glossary's words were marked
  const prediction = lastCard(model, (index) => onpick(main, { channel: Math.min(index, units - 1) }));
  const cards = []; // by values' numbers; those in closed blocks are made when these are opened
  const plain = columnsOf(model);
  const columns = inBlocks(plain, (value) => (value < first || value - first === main ? null : blockOf(layers[value - first])));
  const blocks = blocksIn(columns);
  const boxes = blocks.map((block, number) =>
    createBlockBox({
      facts: factsOf(block, model),
      fill: (element) => put(element, block.column),
      ontoggle: () => onblock(toggled(number)),
    }),
  );
  const blockAt = new Map(blocks.flatMap((block, number) => valuesIn(block.column).map((value) => [value, number])));
  if (blocks.length > 1) holder.append(createFolds());
  const stack = h("div", { class: "stack" });
  holder.append(stack);
  put(stack, columns);
  const arcs = createArcs(stack, {
    pairs: shortcuts(plain, model),
    cardOf: (value) => (isHidden(value) ? boxes[blockAt.get(value)].box : cards[value].card),
    isClosed: isHidden,
    nameOf: (value) => model.nameOf(value - first),
  });

  function cardOf(value) {
    const position = value - first;
    return (cards[value] ??= createLayerCard({
      name: model.nameOf(position),
      shape: shapes[value],
      layer: layers[position] ?? null,
      does: layers[position] ? whatItDoes(model, position) : null,
      notes: notesOf(model, value),
      position,
      image: imageOf(model, ranges, value),
      onpick: (unit) => onpick(position, unit),
      ontoggle: () => ontoggle(position),
      onseen,
      body: prediction && position === main ? prediction.list : null,
    }));
  }

  function isHidden(value) {
    return blockAt.has(value) && !boxes[blockAt.get(value)].isOpen();
  }

  /** The numbers of the open blocks, where one of them was opened or closed. */
  function toggled(number) {
    const now = boxes.flatMap(({ isOpen }, each) => (isOpen() ? [each] : []));
    return now.includes(number) ? now.filter((each) => each !== number) : [...now, number];
  }

  /** Buttons for all blocks at once. */
  function createFolds() {
    const all = blocks.map((_, number) => number);
    return h(
      "div",
      { class: "row folds" },
      h("span", { class: "muted small" }, `${blocks.length} blocks`),
      h("button", { type: "button", class: "quiet", onclick: () => onblock(all) }, "Open all"),
      h("button", { type: "button", class: "quiet", onclick: () => onblock([]) }, "Close all"),
    );
  }

  /** Puts a column's cards into an element, the last one on top. */
  function put(element, column) {
    column.forEach((item, i) => {
      if (i) element.prepend(h("p", { class: "up", "aria-hidden": "true" }, "↑"));
      if (item.branches) element.prepend(sideBySide(item.branches));
      else if (item.column) element.prepend(boxes[blocks.indexOf(item)].box);
      else element.prepend(cardOf(item).card);
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

  function renderCards() {
    const { inputs, outputs, position, unit, off, folded } = last;
    const values = valuesOf({ inputs, outputs });
    cards.forEach((card, value) => {
      const own = value - first;
      const selected = position === own && unit !== null ? positionIn(shapes[value], unit) : null;
      card.render({ tensor: values[value] ?? null, selected, off: off.get(own) ?? [], folded: folded.has(own) });
    });
  }

  /** Marks each word of the glossary in the first sentence that is seen and has it. */
  function markWords() {
    const now = `${last.open} ${[...last.folded]}`;
    if (now === marked) return;
    marked = now;
    markFirst([...holder.querySelectorAll(".does")].filter((each) => !each.closest("[hidden]")));
  }

  return {
    /**
     * Shows a run: {inputs, outputs, label, position, unit (flat index), off: position -> channels, folded: set of positions,
     * open: numbers of open blocks}. Outputs that are not there yet are shown once they are.
     */
    render(run) {
      last = run;
      const { outputs, label, position, unit, open } = run;
      units = outputs[main].data.length;
      boxes.forEach((box, number) => box.show(open.includes(number)));
      renderCards();
      markWords();
      arcs.light(unit === null ? null : position + first);
      prediction?.render(outputs[main], label, position === main ? unit : null, Boolean(run.given?.[0].blank));
    },
    /** Brings a layer's card into view, and the keyboard with it; perhaps with `all` of its maps. */
    reveal(position, { all = false } = {}) {
      const { card, showAll } = cards[position + first];
      if (all) showAll();
      card.scrollIntoView({ block: all ? "start" : "center" });
      (card.querySelector(".maps") ?? card.querySelector(".fold")).focus({ preventScroll: true });
    },
    /** Brings a layer's card into view. */
    bring: (position) => cards[position + first].card.scrollIntoView({ block: "center" }),
    card: (position) => cards[position + first].card,
    /** The positions of the layers whose maps are seen. */
    wanted: () => cards.flatMap((card, value) => (value >= first && !isHidden(value) && card.isSeen() ? [value - first] : [])),
    /** The numbers of the blocks that are open at first. */
    atFirst: () => openAtFirst(model, blocks),
    /** The number of the block that a layer is in, if it is in one. */
    blockOf: (position) => blockAt.get(position + first),
  };
}

/** What a card says beside its sizes: where it takes from, if not from below alone; that it shares weights; that it comes out. */
function notesOf(model, value) {
  const { first, layers, outputs, main } = model;
  const layer = layers[value - first];
  const notes = [];
  if (layer && layer.inputs.length > 1) notes.push(`from ${listed(layer.inputs.map((each) => model.nameOf(each - first)))}`);
  if (layer && layer.first !== value - first) notes.push(`shares the weights of ${layers[layer.first].name}`);
  if (outputs.length > 1 && outputs.includes(value)) {
    const name = model.outputNames[outputs.indexOf(value)];
    notes.push(value - first === main ? `output “${name}”, explained here` : `output “${name}”, only shown`);
  }
  return notes;
}

const listed = (names) => [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");

/** The positions of layers that show nothing new: they are folded at first. */
export function folded({ layers, main }) {
  const quiet = ({ type, steps }) => steps.length === 0 || ["Flatten", "Reshape", "Rescaling"].includes(type);
  return layers.flatMap((layer, position) => (quiet(layer) && position !== main ? [position] : []));
}
