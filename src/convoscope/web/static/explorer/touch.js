// What was switched off and edited, and how well the network does so: the running Python counts on all test images.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";

/**
 * The bar in `holder`; it shows only where something is changed. `onreset()` puts everything back, `epoch()` is
 * the one that is shown, and `ask(address, question)` asks the running Python about it. `measure`: of the kind of answer.
 */
export function createTouch(holder, { layers, explorer, measure, epoch, ask, onreset }) {
  const words = h("span", {});
  const score = h("span", { id: "accuracy" });
  const button = h("button", { type: "button", id: "count", onclick: count }, measure.title);
  const reset = h("button", { type: "button", id: "reset", onclick: onreset }, "Undo all changes");
  holder.append(words, score, button, reset);
  let now = null;
  let asked = 0;
  const { style } = document.documentElement;
  // what else stays in view while the page is scrolled stays below the bar
  new ResizeObserver(() => style.setProperty("--bar", `${holder.offsetHeight && holder.offsetHeight + 8}px`)).observe(holder);

  async function count() {
    const own = ++asked;
    const at = epoch();
    const question = { silenced: Object.fromEntries(now.off), changes: [...now.edits.values()] };
    score.textContent = "counting …";
    button.disabled = true;
    try {
      const found = measure.short(await ask(`ask/${measure.asks}`, question));
      if (own === asked) score.textContent = at === null ? `${measure.short(explorer)} → ${found}` : found;
    } catch (problem) {
      if (own === asked) score.textContent = problem.message;
    }
    if (own === asked) button.disabled = false;
  }

  return {
    /** Shows what is changed: `off` position -> channels, `edits` key -> {position, weight, index, value}. */
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
      const parts = silent.map(([position, channels]) => `${layers[position].name} without ${channels.join(", ")}`);
      if (edits.size) parts.push(`${plural(edits.size, "kernel value")} edited`);
      words.textContent = parts.join("; ");
      button.hidden = !explorer.asks.includes(measure.asks);
      if (button.hidden) score.textContent = measure.missing;
    },
  };
}
