// The arithmetic of one value, written out: one function for each kind of layer. What is displayed gives what is displayed.

import { agreeing, gives, significant } from "../shared/agreeing.js";
import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { combine, concatenate } from "./arithmetic-joins.js";
import { convolve, convolveTransposed, dense, enlarge } from "./arithmetic-sums.js";
import { equation, origin, result, sign, term } from "./equations.js";
import { grid, largest } from "./grids.js";
import { softmax } from "./softmax.js";
import { activationName, value } from "./words.js";

/**
 * The elements that show how a value comes about. `found`: from explain.js. context: {input (tensor), inputName, part
 * (the chosen input channel), mapName(channel), shade(channel) (how the values of an image's channel are coloured, or null),
 * godown(index, which), choosePart(channel), edit(weight, index, number)}; of several inputs there are {inputs, named(which)}.
 */
export function arithmetic(found, context) {
  if (!Object.hasOwn(WRITTEN, found.kind)) throw new RangeError(`arithmetic.js writes no equation of ${found.kind} yet`);
  return WRITTEN[found.kind](found, context);
}

const WRITTEN = {
  convolve,
  convolve_transposed: convolveTransposed,
  enlarge,
  dense,
  pool,
  global_pool: globalPool,
  batch_normalize: normalize,
  rescale,
  activate,
  same,
  combine,
  concatenate,
};

function pool(found, context) {
  const inside = found.cells.flat().filter((cell) => cell.inside);
  const style = poolStyle(found, inside.map((cell) => cell.value));
  const rows = found.cells.map((row) =>
    row.map((cell) => ({
      value: cell.value,
      text: cell.inside ? style(cell.value) : "",
      state: cell.inside ? (cell.wins ? "wins" : "") : "padding",
      onclick: cell.inside ? () => context.godown(cell.index) : null,
    })),
  );
  const words = { max: "the largest", min: "the smallest", average: "the mean" }[found.mode];
  const shown = found.mode === "average" ? value(found.value) : style(found.value);
  return [
    h("div", { class: "three" }, grid(`${context.mapName(found.channel)} of ${context.inputName}`, rows, largest(inside.map((c) => c.value)), context.shade(found.channel))), // prettier-ignore
    equation(term(`${words} of ${plural(inside.length, "value")}`, shown, { id: "value" })),
  ];
}

/** How the values of a window are written: so that they have the mean that is shown, or that it is seen which one wins. */
function poolStyle({ mode, value: chosen }, values) {
  const mean = (...all) => all.reduce((a, b) => a + b, 0) / all.length;
  const claim = mode === "average" ? gives(values, mean, value) : (style) => values.every((each) => each === chosen || style(each) !== style(chosen));
  return agreeing(significant(value), claim);
}

function globalPool(found, context) {
  const words = found.mode === "max" ? "the largest" : "the mean";
  return [
    equation(
      term(`${words} of all ${found.count} values of ${context.mapName(found.channel)}`, value(found.value), { id: "value" }),
    ),
  ];
}

function normalize(found, context) {
  const { x, mean, variance, epsilon, normal, gamma, beta } = found;
  const last = agreeing(significant(value), gives([normal, gamma, beta], (n, scale, shift) => n * scale + shift, value));
  const standard = (each, mu, v, small) => (each - mu) / Math.sqrt(v + small);
  const first = agreeing(significant(value), gives([x, mean, variance, epsilon], standard, last));
  return [
    equation(
      sign("("),
      term("input", first(x)),
      sign("−"),
      term("mean", first(mean)),
      sign(") ÷ √("),
      term("variance", first(variance)),
      sign("+"),
      term("epsilon", first(epsilon)),
      sign(") ="),
      term("normalized", last(normal)),
    ),
    equation(
      term("normalized", last(normal)),
      sign("×"),
      term("gamma", last(gamma)),
      sign(beta < 0 ? "−" : "+"),
      term("beta", last(Math.abs(beta))),
      ...result(value(found.value)),
    ),
    h(
      "p",
      { class: "note" },
      found.own
        ? "The mean and the variance are of the values that are normalized together, in this image alone."
        : "The mean and the variance are those of the training images, learned as moving averages.",
    ),
    origin(found.index, context),
  ];
}

function rescale(found, context) {
  const { x, scale, offset } = found;
  const style = agreeing(significant(value), gives([x, scale, offset], (each, times, plus) => each * times + plus, value));
  return [
    equation(
      term("input", style(x)),
      sign("×"),
      term("scale", style(scale)),
      ...(offset ? [sign(offset < 0 ? "−" : "+"), term("offset", style(Math.abs(offset)))] : []),
      ...result(value(found.value)),
    ),
    origin(found.index, context),
  ];
}

function activate(found, context) {
  if (found.softmax) return [softmax(found.softmax, context)];
  const style = agreeing(significant(value), gives([found.x], found.apply, value));
  return [
    equation(
      term("input", style(found.x)),
      sign("→"),
      term(activationName(found.name), value(found.value), { id: "value" }),
    ),
    origin(found.index, context),
  ];
}

function same(found, context) {
  if (found.padding) return [equation(term("padding", "0", { id: "value" }))];
  return [
    equation(term("the same value as the input", value(found.value), { id: "value" })),
    origin(found.index, context),
  ];
}
