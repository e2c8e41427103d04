// The box of a block: what is in it in a line, and its layers, which are made when it is opened for the first time.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { amount, sizeOf } from "./words.js";

/** The box; `facts` are from blocks.js, `fill(element)` puts the layers into an element, `ontoggle()` hears of the fold. */
export function createBlockBox({ facts, fill, ontoggle }) {
  const { name, layers, from, to, parameters, multiplyAdds, skips } = facts;
  const fold = h(
    "button",
    { type: "button", class: "fold", "aria-expanded": "false", onclick: ontoggle },
    h("span", { class: "chevron", "aria-hidden": "true" }, "▾"),
    h("span", { class: "name" }, name),
    h("span", { class: "muted kind" }, `${plural(layers, "layer")}${skips ? ", with a shortcut around them" : ""}`),
  );
  const said = [
    h("span", { class: "size" }, `${sizeOf(from)} → ${sizeOf(to)}`),
    h("span", {}, plural(parameters, "parameter")),
    multiplyAdds ? h("span", {}, `${amount(multiplyAdds)} multiply-adds`) : null,
  ];
  const cards = h("div", { class: "cards", hidden: true });
  const box = h("div", { class: "block folded", role: "group", "aria-label": `Block ${name}` },
    h("div", { class: "head" }, fold, h("p", { class: "facts muted" }, said)), cards); // prettier-ignore
  let filled = false;
  let open = false;

  return {
    box,
    isOpen: () => open,
    /** Opens or closes the box. */
    show(now) {
      if (now === open) return;
      open = now;
      if (open && !filled) fill(cards);
      filled ||= open;
      cards.hidden = !open;
      box.classList.toggle("folded", !open);
      fold.setAttribute("aria-expanded", String(open));
    },
  };
}
