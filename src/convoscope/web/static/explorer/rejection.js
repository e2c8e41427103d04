// Whether an image belongs to none of the classes, in words below the verdict; the running Python knows.

import { newestOnly } from "../engine/newest.js";
import { bytesAsText } from "../shared/base64.js";
import { h } from "../shared/dom.js";
import { value } from "./words.js";

/** A line that `render(tensor)` fills; `ask(address, question)` asks the running Python. */
export function createRejection({ explorer, ask }) {
  const line = h("p", { class: "rejection", id: "rejection", hidden: true });
  const { ask: newest } = newestOnly((image) => ask("ask/rejection", { image }));

  return {
    line,
    async render({ data }) {
      if (!explorer.asks.includes("rejection")) return;
      let found;
      try {
        found = await newest(bytesAsText(Float32Array.from(data)));
      } catch (problem) {
        found = { none: true, problem: problem.message };
      }
      if (!found) return; // another image came meanwhile
      const { none, score, threshold, problem } = found;
      line.hidden = !none;
      line.replaceChildren(
        ...(problem ? [problem] : [h("b", {}, "None of these"), ` (score ${value(score)}, above ${value(threshold)})`]),
      );
    },
  };
}
