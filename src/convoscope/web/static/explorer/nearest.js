// The training images that the network finds most like the one that is shown; the running Python knows them.

import { h } from "../shared/dom.js";
import { picture } from "./images.js";
import { value } from "./words.js";

/** The panel in `holder`; `ask(address, question)` asks the running Python. */
export function createNearest(holder, { explorer, inputShape, ask }) {
  const { names, range, asks } = explorer;
  const list = h("div", { class: "neighbours" });
  holder.append(list);
  let asked = 0;

  return {
    async render(input) {
      if (!asks.includes("nearest")) {
        list.replaceChildren(h("p", { class: "note" }, "Not available here: the page was opened without training images, or offline.")); // prettier-ignore
        return;
      }
      const own = ++asked;
      try {
        const { images, distances, labels } = await ask("ask/nearest", { image: [...input.data] });
        if (own !== asked) return;
        list.replaceChildren(
          ...images.map((image, i) =>
            h(
              "figure",
              {},
              picture({ shape: inputShape, data: Float32Array.from(image) }, range),
              h("figcaption", {}, labels ? h("b", {}, names[labels[i]]) : null, ` ${value(distances[i])}`),
            ),
          ),
        );
      } catch (problem) {
        if (own === asked) list.replaceChildren(h("p", { class: "error" }, problem.message));
      }
    },
  };
}
