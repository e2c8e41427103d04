// Whether an image belongs to none of the classes, in words below the verdict. The running Python knows; offline the page
// counts itself.

import { newestOnly } from "../engine/newest.js";
import { outlying } from "../engine/rejection.js";
import { h } from "../shared/dom.js";
import { imageAsked } from "./given.js";
import { value } from "./words.js";

/** A line that `render(run)` fills; `ask(address, question)` asks the running Python. */
export function createRejection({ explorer, model, ask }) {
  const line = h("p", { class: "rejection", id: "rejection", hidden: true });
  const dense = model.layers[model.needed.findLast((position) => model.layers[position].type === "Dense")];
  const { ask: newest } = newestOnly(({ given, inputs, outputs }) => {
    if (explorer.asks.includes("rejection")) return ask("ask/rejection", { image: imageAsked(given[0]) });
    const score = outlying([...inputs, ...outputs][dense.inputs[0]].data, model.rejection);
    return { score, threshold: model.rejection.threshold, none: score > model.rejection.threshold };
  });

  return {
    line,
    async render(run) {
      if (!model.rejection || run.inputs.length > 1) return;
      let words;
      try {
        const found = await newest(run);
        if (!found) return; // another image came meanwhile
        const { none, score, threshold } = found;
        words = none ? [h("b", {}, "None of these"), ` (score ${value(score)}, above ${value(threshold)})`] : [];
      } catch (problem) {
        words = [problem.message];
      }
      line.hidden = !words.length;
      line.replaceChildren(...words);
    },
  };
}
