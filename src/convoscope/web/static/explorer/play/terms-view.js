// A neuron's sum as it grows: a bar with the sum so far, and at its end the term that was added last.

import { h } from "../../shared/dom.js";
import { scaleOf } from "./terms.js";

/** The bar in `holder`; `rows()` are the elements of the listed products, of which those wait that were not added yet. */
export function createTermsView(holder, rows) {
  const base = h("i", { class: "so-far" });
  const added = h("i", { class: "fill" });
  const zero = h("i", { class: "zero" });
  const track = h("div", { class: "running", "aria-hidden": "true" }, base, added, zero);
  holder.append(track);
  holder.hidden = true;

  return {
    /** Shows the sum of the terms (terms.js) up to the one with this number. */
    show(terms, number) {
      holder.hidden = false;
      const [low, high] = scaleOf(terms);
      const share = (amount) => (100 * (amount - low)) / (high - low || 1);
      const { before, after, amount } = terms[number];
      span(base, share(0), share(before));
      span(added, share(before), share(after));
      added.className = amount < 0 ? "fill negative" : "fill positive";
      zero.style.left = `${share(0)}%`;
      rows().forEach((row, i) => row.classList.toggle("waiting", i > number));
    },
    hide() {
      holder.hidden = true;
      for (const row of rows()) row.classList.remove("waiting");
    },
  };
}

function span(element, from, to) {
  element.style.left = `${Math.min(from, to)}%`;
  element.style.width = `${Math.abs(to - from)}%`;
}
