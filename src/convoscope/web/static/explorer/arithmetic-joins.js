// The arithmetic of a value that is made of several: a sum, a product, a mean, an extreme, or one of those side by side.

import { h } from "../shared/dom.js";
import { equation, origin, result, sign, term } from "./equations.js";
import { agreeing, gives, significant } from "../shared/agreeing.js";
import { combined } from "../engine/index.js";
import { value } from "./words.js";

const SIGNS = { add: "+", subtract: "−", multiply: "×", divide: "÷" };
const WORDS = { average: "the mean", maximum: "the largest", minimum: "the smallest" };

/** What each of the layers below has at this index, and what becomes of it. */
export function combine(found, context) {
  const { mode, terms, best } = found;
  const numbers = terms.map((each) => each.value);
  const style = agreeing(significant(value), gives(numbers, (...all) => combined(mode, all), value));
  const named = terms.map(({ which, value: number }) => term(context.named(which), style(number), termOf(which, best)));
  const between = named.flatMap((each, i) => (i ? [sign(SIGNS[mode] ?? ","), each] : [each]));
  const line = SIGNS[mode]
    ? equation(...between, ...result(value(found.value)))
    : equation(sign(`${WORDS[mode]} of`), ...between, ...result(value(found.value)));
  const stretched = terms.filter((each) => each.stretched).map(({ which }) => context.named(which));
  return [
    line,
    stretched.length
      ? h("p", { class: "note" }, `${stretched.join(" and ")} has a single value here for a whole row, column or map.`)
      : null,
    ...terms.map(({ which, index }) => origin(index, context, which)),
  ];
}

function termOf(which, best) {
  return { dataset: { which: String(which) }, class: which === best ? "term best" : "term" };
}

/** Which of the layers below this value was taken over from. */
export function concatenate(found, context) {
  const { which, index, begins, own } = found;
  const rank = context.inputs[which].shape.length;
  const what = rank === 1 ? "neuron" : ["row", "column", "map"].slice(-rank)[found.axis];
  const from = begins
    .map((begin, i) => {
      const last = begin + context.inputs[i].shape[found.axis] - 1;
      return `${begin === last ? begin : `${begin} to ${last}`} from ${context.named(i)}`;
    })
    .join(", ");
  return [
    equation(term(`${what} ${own} of ${context.named(which)}`, value(found.value), { id: "value" })),
    h("p", { class: "note" }, `Side by side: ${what}s ${from}.`),
    origin(index, context, which),
  ];
}
