// The arithmetic of one value, written out: one function for each kind of layer.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { combine, concatenate } from "./arithmetic-joins.js";
import { equation, origin, result, sign, term } from "./equations.js";
import { editable, grid } from "./grids.js";
import { activationName, percent, value } from "./words.js";

const MOST_TERMS = 10;

const largest = (numbers) => numbers.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);

/**
 * The elements that show how a value comes about. `found`: from explain.js. context: {input (tensor), inputName, part
 * (the chosen input channel), greys (for images) or null, godown(index, which), choosePart(channel), edit(weight, index,
 * number)}; of several inputs there are {inputs, named(which)}.
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

function convolve(found, context) {
  const part = partOf(found, context);
  const many = found.parts.length > 1;
  const cells = part.cells.flat();
  const seen = part.cells.map((row) =>
    row.map((cell) => ({
      value: cell.value,
      state: cell.inside ? "" : "padding",
      title: cell.inside ? `${value(cell.value)}, row ${cell.row}, column ${cell.column}` : "padding: 0",
      onclick: cell.inside ? () => context.godown(cell.index) : null,
    })),
  );
  const products = part.cells.map((row) => row.map(({ product }) => ({ value: product })));
  const kernelLimit = largest(found.parts.flatMap(({ cells: c }) => c.flat().map(({ weight }) => weight)));
  return [
    many ? shares(found, context) : null,
    h(
      "div",
      { class: "three" },
      grid(many ? `map ${part.channel} of ${context.inputName}` : context.inputName, seen, largest(cells.map((c) => c.value)), context.greys), // prettier-ignore
      sign("×"),
      kernelGrid(found, part, kernelLimit, context),
      sign("="),
      grid(`sum ${value(part.sum)}`, products, largest(cells.map((c) => c.product))),
    ),
    equation(
      term(many ? `map ${part.channel}` : "sum", value(part.sum), { id: "part-sum" }),
      ...(many ? [sign("+"), term(plural(found.parts.length - 1, "other map"), value(found.sum - part.sum))] : []),
      ...ending(found, context),
    ),
  ];
}

/** The part of a convolution that the chosen input map gives. */
const partOf = (found, { part }) => found.parts.find(({ channel }) => channel === part);

/** The kernel with cells that can be written into; a product of two kernels can only be read. */
function kernelGrid(found, part, limit, context) {
  if (found.product) return grid("both kernels multiplied", part.cells.map((row) => row.map(({ weight }) => ({ value: weight }))), limit);
  return editable(kernelName(found), part.cells, limit, (cell, number) => context.edit("kernel", cell.weightIndex, number));
}

/** As a convolution, but of the kernel only what meets here is shown, its rows and columns turned. */
function convolveTransposed(found, context) {
  const note = (text) => h("p", { class: "note" }, text);
  if (!found.meets) {
    return [
      note("No pixel below paints over this position: the painted kernels leave a gap here. Only the bias is left."),
      equation(term("sum", "0", { id: "part-sum" }), ...ending(found)),
    ];
  }
  const covering = found.meets.rows.length * found.meets.columns.length;
  const words =
    covering === 1
      ? "Here one pixel's kernel is painted, and one of its numbers counts."
      : `Here the kernels of ${covering} pixels overlap, each with another of its numbers.`;
  return [note(`Every pixel below paints the kernel, as strongly as its value says. ${words}`), ...convolve(found, context)];
}

/** "kernel", or which of its rows and columns meet. */
function kernelName({ meets }) {
  if (!meets) return "kernel";
  const named = (name, positions) => `${positions.length > 1 ? `${name}s` : name} ${positions.map((position) => position + 1).join(", ")}`;
  return `kernel: ${named("row", meets.rows)}; ${named("column", meets.columns)}`;
}

function enlarge(found, context) {
  const cells = found.cells.flat();
  const from = `map ${found.channel} of ${context.inputName}`;
  if (cells.length === 1 && cells[0].index < 0) {
    return [equation(term("outside of the image", value(found.value), { id: "value" }))];
  }
  if (cells.length === 1) {
    return [
      equation(term("the same value as the pixel below", value(found.value), { id: "value" })),
      origin(cells[0].index, context),
    ];
  }
  const seen = found.cells.map((row) =>
    row.map((cell) => ({
      value: cell.value,
      state: cell.index < 0 ? "padding" : "",
      title: `${value(cell.value)}, row ${cell.row}, column ${cell.column}`,
      onclick: cell.index < 0 ? null : () => context.godown(cell.index),
    })),
  );
  const shared = found.cells.map((row) => row.map(({ share }) => ({ value: share })));
  const products = found.cells.map((row) => row.map(({ product }) => ({ value: product })));
  return [
    h("p", { class: "note" }, `Between ${cells.length} pixels below: the nearer one is, the larger its share.`),
    h(
      "div",
      { class: "three" },
      grid(from, seen, largest(cells.map((cell) => cell.value)), context.greys),
      sign("×"),
      grid("share", shared, 1),
      sign("="),
      grid(`sum ${value(found.value)}`, products, largest(cells.map(({ product }) => product))),
    ),
    equation(term("sum", value(found.value), { id: "value" })),
  ];
}

function ending(found) {
  const parts = [];
  if (found.bias !== 0) parts.push(sign(found.bias < 0 ? "−" : "+"), term("bias", value(Math.abs(found.bias))));
  if (!found.activation) return [...parts, ...result(found)];
  return [
    ...parts,
    sign("="),
    term("before", value(found.before)),
    sign("→"),
    term(activationName(found.activation), found.softmax ? percent(found.value) : value(found.value), { id: "value" }),
  ];
}

/** What each input map gives to this value: the strongest first. */
function shares(found, context) {
  const order = [...found.parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, MOST_TERMS);
  if (!order.includes(partOf(found, context))) order[order.length - 1] = partOf(found, context);
  const most = largest(found.parts.map(({ sum }) => sum));
  return h(
    "div",
    { class: "shares" },
    h("h3", {}, `What the ${found.parts.length} maps below give`),
    h(
      "ol",
      {},
      order.map(({ channel, sum }) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              "aria-pressed": String(channel === context.part),
              onclick: () => context.choosePart(channel),
            },
            context.thumbnail(channel),
            h("span", { class: "what" }, `map ${channel}`),
            bar(sum, most),
            h("span", { class: "score" }, value(sum)),
          ),
        ),
      ),
    ),
  );
}

function bar(amount, most) {
  const fill = h("i", { class: amount < 0 ? "fill negative" : "fill positive" });
  fill.style.width = `${(50 * Math.abs(amount)) / most}%`;
  return h("span", { class: "track signed" }, fill);
}

function dense(found, context) {
  const order = [...found.terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, MOST_TERMS);
  const most = largest(order.map(({ product }) => product));
  const rest = found.sum - order.reduce((sum, { product }) => sum + product, 0);
  const others = found.terms.length - order.length;
  return [
    h(
      "div",
      { class: "shares" },
      h("h3", {}, `The strongest of ${plural(found.terms.length, "input")}`),
      h(
        "ol",
        {},
        order.map((each) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", onclick: () => context.godown(each.index), title: "Where this input comes from" },
              h("span", { class: "what wide" }, context.nameOf(each.index)),
              h("span", { class: "factors" }, `${value(each.value)} × ${value(each.weight)}`),
              bar(each.product, most),
              h("span", { class: "score" }, value(each.product)),
            ),
          ),
        ),
      ),
    ),
    equation(
      term(`these ${order.length}`, value(found.sum - rest), { id: "part-sum" }),
      ...(others ? [sign("+"), term(plural(others, "other"), value(rest))] : []),
      ...ending(found),
    ),
    found.softmax ? softmax(found.softmax, context) : null,
  ];
}

function softmax({ scores, powers, sum, top, own }, context) {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, MOST_TERMS);
  if (!order.includes(own)) order[order.length - 1] = own;
  const row = (index) =>
    h(
      "tr",
      { class: index === own ? "own" : "" },
      h("th", { scope: "row" }, context.names[index] ?? String(index)),
      h("td", {}, value(scores[index])),
      h("td", {}, value(powers[index])),
      h("td", {}, percent(powers[index] / sum)),
    );
  const head = ["class", "score", `e^(score − ${value(top)})`, "÷ sum"].map((text) => h("th", { scope: "col" }, text));
  const total = h("tr", { class: "total" }, h("th", { scope: "row" }, "sum of all"), h("td"), h("td", {}, value(sum)), h("td", {}, "100 %")); // prettier-ignore
  return h(
    "div",
    { class: "softmax" },
    h("h3", {}, "Softmax: every score becomes a share"),
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, order.map(row), total)),
    equation(
      term("of this class", value(powers[own])),
      sign("÷"),
      term("sum of all", value(sum)),
      sign("="),
      term("share", percent(powers[own] / sum)),
    ),
  );
}

function pool(found, context) {
  const rows = found.cells.map((row) =>
    row.map((cell) => ({
      value: cell.value,
      state: cell.inside ? (cell.wins ? "wins" : "") : "padding",
      onclick: cell.inside ? () => context.godown(cell.index) : null,
    })),
  );
  const inside = found.cells.flat().filter((cell) => cell.inside);
  const words = { max: "the largest", min: "the smallest", average: "the mean" }[found.mode];
  return [
    h("div", { class: "three" }, grid(`map ${found.channel} of ${context.inputName}`, rows, largest(inside.map((c) => c.value)), context.greys)), // prettier-ignore
    equation(term(`${words} of ${plural(inside.length, "value")}`, value(found.value), { id: "value" })),
  ];
}

function globalPool(found) {
  const words = found.mode === "max" ? "the largest" : "the mean";
  return [
    equation(
      term(`${words} of all ${found.count} values of map ${found.channel}`, value(found.value), { id: "value" }),
    ),
  ];
}

function normalize(found, context) {
  const { x, mean, variance, epsilon, normal, gamma, beta } = found;
  return [
    equation(
      sign("("),
      term("value below", value(x)),
      sign("−"),
      term("mean", value(mean)),
      sign(") ÷ √("),
      term("variance", value(variance)),
      sign("+"),
      term("epsilon", value(epsilon)),
      sign(") ="),
      term("normal", value(normal)),
    ),
    equation(
      term("normal", value(normal)),
      sign("×"),
      term("gamma", value(gamma)),
      sign(beta < 0 ? "−" : "+"),
      term("beta", value(Math.abs(beta))),
      ...result(found),
    ),
    h(
      "p",
      { class: "note" },
      found.own
        ? "Mean and variance are of the values that share them, in this image alone."
        : "Mean and variance are those of the training images, learned as moving averages.",
    ),
    origin(found.index, context),
  ];
}

function rescale(found, context) {
  return [
    equation(
      term("value below", value(found.x)),
      sign("×"),
      term("scale", value(found.scale)),
      ...(found.offset
        ? [sign(found.offset < 0 ? "−" : "+"), term("offset", value(Math.abs(found.offset)))]
        : []),
      ...result(found),
    ),
    origin(found.index, context),
  ];
}

function activate(found, context) {
  if (found.softmax) return [softmax(found.softmax, context)];
  return [
    equation(
      term("value below", value(found.x)),
      sign("→"),
      term(activationName(found.name), value(found.value), { id: "value" }),
    ),
    origin(found.index, context),
  ];
}

function same(found, context) {
  if (found.padding) return [equation(term("padding", "0", { id: "value" }))];
  return [
    equation(term("the same value as below", value(found.value), { id: "value" })),
    origin(found.index, context),
  ];
}
