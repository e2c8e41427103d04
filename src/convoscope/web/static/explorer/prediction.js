// The last layer: a bar for each class, the prediction lit.

import { SATURATING } from "../engine/main-output.js";
import { breakable, h } from "../shared/dom.js";
import { percent, value } from "./words.js";

const MOST_IN_ORDER = 20; // with more classes only the best are shown
const BEST = 10;
const LONGEST_NAME = 24; // letters in a line
const [LETTER, TICK] = [0.62, 1.6]; // how wide they are, in em: bold ones have the same place

/** Whether a network's outputs are probabilities; if not, they are logits. */
export function endsInProbabilities({ layers, main }) {
  return SATURATING.includes(layers[main].steps.at(-1)?.name);
}

/** Scores of classes, (classes): a single output says class 1 from the middle upwards. */
export function scoresOf({ data }, probabilities) {
  if (data.length > 1) return data;
  return Float32Array.from([probabilities ? 1 - data[0] : -data[0], data[0]]);
}

/** The class with the largest score. */
export function best(scores) {
  return scores.reduce((top, score, i) => (score > scores[top] ? i : top), 0);
}

/** The list of classes; `onpick(output neuron)` hears of a click. */
export function createPrediction(names, probabilities, onpick) {
  const list = h("ol", { class: names.length > BEST && names.length <= MOST_IN_ORDER ? "prediction long" : "prediction" });
  list.style.setProperty("--names", `${Math.min(LONGEST_NAME, Math.max(...names.map((name) => name.length))) * LETTER + TICK}em`);
  const rows = names.slice(0, names.length <= MOST_IN_ORDER ? undefined : BEST).map(() => {
    const row = {
      name: h("span", { class: "class" }),
      bar: h("i", { class: "fill" }),
      score: h("span", { class: "score" }),
      role: h("span", { class: "visually-hidden" }), // for those who do not see the colours
      index: 0,
    };
    row.button = h(
      "button",
      { type: "button", onclick: () => onpick(row.index) },
      row.name,
      h("span", { class: "track" }, row.bar),
      row.score,
      row.role,
    );
    row.item = h("li", {}, row.button);
    list.append(row.item);
    return row;
  });

  return {
    list,
    /** Shows scores; `label` is the true class or null, `chosen` the class whose arithmetic is shown; of a `blank` image nothing is predicted. */
    render(output, label, chosen, blank = false) {
      const scores = scoresOf(output, probabilities);
      const top = blank ? -1 : best(scores);
      const shown = chosen !== null && output.data.length === 1 ? 1 : chosen; // one output speaks for class 1
      const order = [...scores.keys()];
      if (names.length > MOST_IN_ORDER) order.sort((a, b) => scores[b] - scores[a]);
      const largest = scores.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
      rows.forEach((row, i) => {
        const index = order[i];
        row.index = index;
        row.name.replaceChildren(...breakable(names[index]));
        row.bar.style.width = `${100 * Math.max(0, probabilities ? scores[index] : scores[index] / largest)}%`;
        row.score.textContent = probabilities ? percent(scores[index]) : value(scores[index]);
        row.item.classList.toggle("lit", index === top);
        row.item.classList.toggle("true", index === label);
        row.item.classList.toggle("chosen", index === shown);
        row.role.textContent = `${index === top ? ", the prediction" : ""}${index === label ? ", the true class" : ""}`;
      });
    },
  };
}
