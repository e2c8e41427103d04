// One layer of the network: what it is, in a line, and what it made, on a canvas.

import { h, setText } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { ARROWS } from "../shared/image-view.js";
import { extent } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { hit, layoutOf, paintLayer } from "./maps.js";
import { positionIn } from "./positions.js";
import { brief, describe, sizeOf } from "./words.js";

const MOST_HEIGHT = 250; // CSS pixels, until all is asked for
const MANY = 256; // maps that are shown at once for one that is chosen
const FRAME = 2; // CSS pixels of padding, where a chosen map's frame lies
const FEW = 100_000; // values whose range is found at once

/**
 * The card of a layer that makes values of `shape`; `onpick(position)` hears of a click, `ontoggle()` of the fold, `onseen()`
 * that the card has come into view without its values. `does` is a sentence about the layer, `body` replaces the canvas, `notes` are texts that stand beside the
 * sizes. `image`: what the values are as one, from colour-channels.js.
 */
export function createLayerCard({ name, shape, layer, does, notes, position, image = null, onpick, ontoggle, onseen, body = null }) {
  const canvas = h("canvas", { class: "maps", tabIndex: 0, role: "application" });
  const size = h("span", { class: "size" }, sizeOf(shape));
  const range = h("span", { class: "range" });
  const title = h("span", { class: "name" }, name);
  const fold = h(
    "button",
    { type: "button", class: "fold", onclick: ontoggle, "aria-expanded": "true" },
    h("span", { class: "chevron", "aria-hidden": "true" }, "▾"),
    title,
    h("span", { class: "muted kind" }, (layer ? describe(layer) : "What the network receives") + (image?.colours ? ": red, green, blue" : "")),
  );
  const more = h("button", { type: "button", class: "quiet more", hidden: true });
  const content = h("div", { class: "content" }, body ?? canvas, more);
  const sentence = does ? h("p", { class: "does" }, does) : null;
  const facts = h("p", { class: "facts muted" }, size, range);
  if (layer?.parameters) facts.append(h("span", {}, plural(layer.parameters, "parameter")));
  for (const note of notes) facts.append(h("span", { class: "from" }, note));
  const card = h("div", { class: "layer", role: "group", "aria-label": name, // no landmark: there are too many
    dataset: { position: String(position) } },
    h("div", { class: "head" }, fold, facts), ...(sentence ? [sentence] : []), content); // prettier-ignore
  let drawn = null;
  let layout = null;
  let visible = false;
  let all = false;
  let sought = null; // the number of a map that has just been chosen
  let painted = [];
  let rendered = [];

  new IntersectionObserver(
    (entries) => {
      visible = entries.at(-1).isIntersecting; // of several at once, the last says how it is now
      if (visible) draw();
      sayBusy();
      if (isSeen() && !drawn.tensor) onseen();
    },
    { rootMargin: "200px" },
  ).observe(card);
  new ResizeObserver(() => draw(true)).observe(content);

  window.addEventListener("beforeprint", () => {
    visible = true; // paper shows all cards, also those that nobody scrolled to
    card.classList.toggle("unknown", !drawn?.tensor && !body);
    draw(true);
  });

  more.addEventListener("click", () => {
    all = !all;
    draw(true);
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (!drawn?.tensor || !layout) return;
    const box = canvas.getBoundingClientRect();
    const found = hit(layout, shape, event.clientX - box.left, event.clientY - box.top);
    if (found) onpick(found);
  });
  canvas.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key] || !drawn?.tensor || !layout) return;
    event.preventDefault();
    const [rows, columns] = ARROWS[event.key];
    const from = drawn.selected?.channel ?? -1;
    const to = from < 0 ? 0 : from + rows * layout.columns + columns;
    if (to >= 0 && to < layout.shown) onpick({ channel: to });
  });

  const sayBusy = () => card.setAttribute("aria-busy", String(isSeen() && !drawn.tensor));
  const isSeen = () => visible && Boolean(drawn) && !drawn.folded && !body;

  function draw(again = false) {
    if (!isSeen() || !drawn.tensor || !content.clientWidth) return;
    const { tensor, off, selected } = drawn;
    sayRange(tensor);
    if (again || !layout || sought !== null) arrange();
    const hidden = layout.all - layout.shown;
    more.hidden = hidden === 0 && !all;
    more.textContent = all ? "Show fewer" : `Show all ${layout.all.toLocaleString("en")}`;
    const wanted = [tensor.data, layout, selected?.channel, off.join(), theme()];
    if (wanted.every((each, i) => each === painted[i])) return; // back in view as it was
    painted = wanted;
    Object.assign(canvas.dataset, { rows: Math.ceil(layout.shown / layout.columns), columns: layout.columns });
    const { low, high } = extent(tensor);
    paintLayer(canvas, tensor, layout, { limit: Math.max(Math.abs(low), Math.abs(high)), theme: theme(), off, selected, image });
  }

  /** Lays the maps out; one that was chosen elsewhere is shown, unless very many stand above it. */
  function arrange() {
    const among = (most) => layoutOf(shape, content.clientWidth - 2 * FRAME, most);
    layout = among(all ? Infinity : MOST_HEIGHT);
    if (sought !== null && sought >= layout.shown && layout.all <= MANY) {
      all = true;
      layout = among(Infinity);
    }
    sought = null;
  }

  function sayRange(tensor) {
    const { low, high } = extent(tensor);
    setText(range, `${brief(low)} to ${brief(high)}`);
  }

  return {
    card,
    isSeen,
    /** Shows all of its maps. */
    showAll() {
      all = true;
      layout = null;
      draw();
    },
    /** Shows what the layer made: {tensor, off, selected, folded}; the tensor is null as long as nobody knows it. */
    render({ tensor, off, selected, folded }) {
      const now = [tensor?.data, selected?.channel, off.join(), folded, theme()];
      if (now.every((each, i) => each === rendered[i])) return; // another pixel of the same map: nothing changes here
      if (selected && selected.channel !== rendered[1]) sought = selected.channel;
      rendered = now;
      drawn = { tensor, off, selected, folded };
      sayBusy();
      card.classList.toggle("folded", folded);
      card.classList.toggle("selected", Boolean(selected));
      fold.setAttribute("aria-expanded", String(!folded));
      content.hidden = folded;
      if (sentence) sentence.hidden = folded;
      if (tensor && tensor.data.length <= FEW) sayRange(tensor); // of more only where it is seen
      const what = shape.length === 3 ? plural(shape[2], "map") : plural(shape.at(-1), "neuron");
      const chosen = selected ? `, number ${selected.channel} chosen` : "";
      canvas.setAttribute("aria-label", `${name}: ${what}${chosen}. Arrow keys choose another.`);
      draw();
    },
    unitOf: (index) => positionIn(shape, index),
  };
}
