// The sum of a neuron, one term after the other: what is added, and what it comes to so far.

import { agreeing, decimal, gives, sum } from "../../shared/agreeing.js";
import { softmaxStyles } from "../softmax.js";
import { activationName, value } from "../words.js";

export const MOST_TERMS = 10; // products that are added one by one; the rest is added at once

/**
 * The terms of a dense neuron's value in the order in which they are added, [{name, amount, product, before, after, text}]:
 * the largest products, all the others, the bias. `product` is whether it is one of the products that are listed,
 * `before` and `after` are the sum so far, `text` says it; in the last one also what the activation makes of the sum.
 */
export function termsOf(found, nameOf) {
  const order = [...found.terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, MOST_TERMS);
  const others = found.terms.length - order.length;
  const rest = found.sum - sum(...order.map((each) => each.product));
  const added = [
    ...order.map((each) => ({ name: nameOf(each.index), amount: each.product, product: true })),
    ...(others ? [{ name: `the other ${others.toLocaleString("en")}`, amount: rest, product: false }] : []),
    ...(found.bias ? [{ name: "bias", amount: found.bias, product: false }] : []),
  ];
  let so = 0;
  const terms = added.map((each) => ({ ...each, before: so, after: (so += each.amount) }));
  return terms.map((each, i) => ({ ...each, text: said(each, i) + (i === terms.length - 1 ? ending(found, each.after) : "") }));
}

/** One step of the sum; the sum before and the term give the sum after it, as displayed. */
function said({ name, amount, before, after }, i) {
  if (i === 0) return `${name}: ${value(amount)}`;
  const style = agreeing(decimal(3), gives([before, amount], sum));
  return `${name}: ${style(before)} ${amount < 0 ? "−" : "+"} ${style(Math.abs(amount))} = ${style(after)}`;
}

function ending(found, total) {
  if (!found.activation) return "";
  if (found.softmax) return `; softmax of all ${found.softmax.scores.length} sums: ${softmaxStyles(found.softmax).share(found.value)}`;
  const style = agreeing(decimal(3), gives([total], found.apply ?? (() => found.value), value));
  return `; ${activationName(found.activation)}(${style(total)}) = ${value(found.value)}`;
}

/** The ends of the scale on which all sums are drawn: [low, high], with 0 in it. */
export const scaleOf = (terms) => [Math.min(0, ...terms.map(({ after }) => after)), Math.max(0, ...terms.map(({ after }) => after))];
