// A question with some answers to choose from, in an order that says nothing.

import { createChance } from "./chance.js";
import { judgeChoice } from "./judging.js";

/** {asks, judge} for `options`, pairs [text, what to say of it], of which the first is right; `key` decides the order. */
export function choiceOf(label, options, key) {
  const order = createChance(label, key).shuffled(options.map((_, i) => i));
  const right = order.indexOf(0);
  const feedback = order.map((i) => options[i][1]);
  return {
    asks: { kind: "choice", label, options: order.map((i) => ({ text: options[i][0] })) },
    judge: (answer) => judgeChoice(answer, { right, feedback }),
  };
}
