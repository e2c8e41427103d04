// The panel of the epochs, folded to its first line until somebody opens it: whoever comes for the first time sees the network.

import { h } from "../shared/dom.js";

/** Puts `words` and behind a button `parts` into `holder`; `open()` shows the parts, whoever asks. */
export function createFold(holder, words, parts) {
  const body = h("div", { id: "time-body", class: "time-body", hidden: true }, parts);
  const chevron = h("span", { class: "chevron", "aria-hidden": "true" }, "▾");
  const button = h("button", { type: "button", id: "time-fold", class: "fold", "aria-controls": "time-body", onclick: () => show(body.hidden) }, chevron, h("span", { class: "name" }, "Epochs")); // prettier-ignore
  holder.append(h("div", { class: "time-head" }, button, words), body);
  show(false);

  function show(open) {
    body.hidden = !open;
    holder.classList.toggle("folded", !open);
    button.setAttribute("aria-expanded", String(open));
  }

  return { open: () => show(true) };
}
