// Softmax written out: how the scores of all classes become the probability of one.

import { agreeing, decimal, decimalsOf, gives, read, sum as added } from "../shared/agreeing.js";
import { h } from "../shared/dom.js";
import { equation, sign, term } from "./equations.js";
import { percent } from "./words.js";

const [MOST, FEW] = [10, 5]; // classes in the table; on a phone
const narrow = globalThis.matchMedia?.("(max-width: 820px)");
const raised = (score, top) => Math.exp(score - top);

/** Which classes are listed, the likeliest first, with the one that is explained. */
function listed({ scores, own }) {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, narrow?.matches ? FEW : MOST);
  if (!order.includes(own)) order[order.length - 1] = own;
  return order;
}

/** How softmax' numbers are written, so that each column leads to the next and adds up: {score, power, total, share}. */
export function softmaxStyles(found) {
  const { scores, top, powers, sum } = found;
  const order = listed(found);
  const rest = restOf(found, order);
  const shares = [...order.map((index) => powers[index] / sum), ...(rest ? [rest / sum] : [])];
  const share = agreeing([1, 2, 3].map((decimals) => (each) => percent(each, decimals)), (style) => addsUp(shares.map(style)));
  const total = agreeing(
    decimal(3),
    ...order.map((index) => gives([sum], (whole) => powers[index] / whole, share)),
  );
  const power = agreeing(
    decimal(decimalsOf(total(sum))),
    gives([...order.map((index) => powers[index]), ...(rest ? [rest] : [])], added, total),
    ...order.map((index) => gives([powers[index]], (each) => each / read(total(sum)), share)),
  );
  const score = agreeing(decimal(2, 9), ...order.map((index) => gives([scores[index], top], raised, power)));
  return { score, power, total, share };
}

/** What the classes that are not listed have together; 0 where all are. */
function restOf({ powers, sum }, order) {
  return order.length < powers.length ? sum - order.reduce((all, index) => all + powers[index], 0) : 0;
}

/** Whether written shares come to 100 %. One that is only said to be large or small is not to be added. */
function addsUp(texts) {
  if (texts.some((text) => text.startsWith(">"))) return true;
  const known = texts.filter((text) => !text.startsWith("<")).map((text) => read(text.replace(" %", "")));
  return Math.abs(added(...known) - 100) < 1e-9;
}

/** The table of scores, powers and shares, and the division for the class that is explained. */
export function softmax(found, context) {
  const { scores, powers, sum, top, own } = found;
  const styles = softmaxStyles(found);
  const order = listed(found);
  const rest = restOf(found, order);
  const row = (index) =>
    h(
      "tr",
      { class: index === own ? "own" : "" },
      h("th", { scope: "row" }, context.names[index] ?? String(index)),
      h("td", {}, styles.score(scores[index])),
      h("td", {}, styles.power(powers[index])),
      h("td", {}, styles.share(powers[index] / sum)),
    );
  const others = rest
    ? [h("tr", {}, h("th", { scope: "row" }, `the other ${powers.length - order.length}`), h("td"), h("td", {}, styles.power(rest)), h("td", {}, styles.share(rest / sum)))] // prettier-ignore
    : [];
  const head = ["class", "score", `e^(score − ${styles.score(top)})`, "÷ sum"].map((text) => h("th", { scope: "col" }, text));
  const total = h("tr", { class: "total" }, h("th", { scope: "row" }, "sum"), h("td"), h("td", {}, styles.total(sum)), h("td", {}, "100 %")); // prettier-ignore
  return h(
    "div",
    { class: "softmax" },
    h("h3", {}, "Softmax turns the scores into probabilities"),
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, order.map(row), others, total)),
    equation(
      term("of this class", styles.power(powers[own])),
      sign("÷"),
      term("sum of all classes", styles.total(sum)),
      sign("="),
      term("probability", styles.share(powers[own] / sum)),
    ),
  );
}
