// What was switched off and edited, and how well the network does so: the running Python counts on all test images.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { percent } from "./words.js";

/**
 * The bar in `holder`; it shows only where something is changed. `onreset()` puts everything back, `epoch()` is
 * the one that is shown, and `ask(address, question)` asks the running Python about it.
 */
export function createTouch(holder, { layers, explorer, epoch, ask, onreset }) {
  const { asks, accuracy } = explorer;
  const words = h("span", {});
  const score = h("span", { id: "accuracy" });
  const button = h("button", { type: "button", id: "count", onclick: count }, "Accuracy on all test images");
  const reset = h("button", { type: "button", id: "reset", onclick: onreset }, "As it was");
  holder.append(words, score, button, reset);
  let now = null;
  let asked = 0;

  async function count() {
    const own = ++asked;
    const at = epoch();
    const question = { silenced: Object.fromEntries(now.off), changes: [...now.edits.values()] };
    score.textContent = "counting …";
    button.disabled = true;
    try {
      const { accuracy: share } = await ask("ask/accuracy", question);
      if (own === asked) score.textContent = at === null ? `${percent(accuracy)} → ${percent(share)}` : percent(share);
    } catch (problem) {
      if (own === asked) score.textContent = problem.message;
    }
    if (own === asked) button.disabled = false;
  }

  return {
    /** Shows what is changed: `off` place -> channels, `edits` key -> {place, weight, index, value}. */
    render(off, edits) {
      const changed = now && (now.off !== off || now.edits !== edits || now.at !== epoch());
      now = { off, edits, at: epoch() };
      const silent = [...off].filter(([, channels]) => channels.length);
      holder.hidden = !silent.length && !edits.size;
      if (changed) {
        asked++;
        button.disabled = false;
        score.textContent = "";
      }
      const parts = silent.map(([place, channels]) => `${layers[place].name} without ${channels.join(", ")}`);
      if (edits.size) parts.push(`${plural(edits.size, "number")} of the kernels changed`);
      words.textContent = parts.join("; ");
      button.hidden = !asks.includes("accuracy");
      if (button.hidden) score.textContent = "Accuracy is not available offline or without labelled images.";
    },
  };
}
