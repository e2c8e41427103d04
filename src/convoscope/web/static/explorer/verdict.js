// What the network says of the image, in words, beside the image as the network receives it.

import { byId, delayed, h } from "../shared/dom.js";
import { best, scoresOf } from "./prediction.js";
import { showReceived } from "./images.js";
import { createRejection } from "./rejection.js";
import { percent, value } from "./words.js";

/** The verdict on the page; `probabilities` says whether the last layer's values are such. `ask` asks the running Python. */
export function createVerdict({ explorer, model, probabilities, ask }) {
  const { names, ranges } = explorer;
  const { outputs: several, outputNames, main, first } = model;
  if (several.length > 1)
    byId("says").querySelector("p").textContent = `The output “${outputNames[several.indexOf(main + first)]}” says`;
  const announce = delayed(500, (text) => (byId("announce").textContent = text));

  let before = ""; // what was announced while the network learned

  const says = byId("says").querySelector("p");
  const rejection = createRejection({ explorer, model, ask });
  byId("truth").before(rejection.line);

  /** An answer to an empty pad would be none to a person's question. */
  function sayNothingDrawn() {
    byId("verdict").textContent = "No image yet";
    byId("truth").textContent = "Draw one, or upload a file. Until then the page shows what the network makes of an empty image.";
    byId("truth").className = "";
    announce("No image yet.");
  }

  return {
    /** Shows what a run came to: {given, inputs, outputs, label}. */
    render(run) {
      const { given, inputs, outputs, label } = run;
      showReceived(byId("received").parentElement, inputs, ranges);
      says.hidden = Boolean(given[0].blank);
      rejection.render(run);
      if (given[0].blank) return sayNothingDrawn();
      const scores = scoresOf(outputs[model.main], probabilities);
      const top = best(scores);
      const sure = probabilities ? percent(scores[top]) : `score ${value(scores[top])}, a logit`;
      const right = label === top;
      byId("verdict").replaceChildren(names[top], h("span", { class: "muted" }, sure));
      const judged = label === null ? "" : right ? "That is right." : `That is wrong: it is ${names[label]}.`;
      byId("truth").textContent = judged;
      byId("truth").className = right ? "right" : "wrong";
      const image = given[0].number === undefined ? "" : `Image ${given[0].number}. `; // else the same words again go unheard
      const said = `${image}${top}`;
      if (run.live && said === before) return; // it changes a little every moment, and nobody wants to hear that
      before = said;
      announce(`${image}The prediction is ${names[top]}, ${sure}. ${judged}`.trim());
    },
  };
}
