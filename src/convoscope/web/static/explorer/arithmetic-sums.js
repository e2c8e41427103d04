// The arithmetic of a value that is a sum of products: of a convolution, of a dense neuron, of pixels that it lies between.

import { agreeing, decimal, decimalsOf, gives, product, significant, sum } from "../shared/agreeing.js";
import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { equation, origin, result, sign, term } from "./equations.js";
import { editable, grid, largest } from "./grids.js";
import { softmax, softmaxStyles } from "./softmax.js";
import { activationName, brief, value } from "./words.js";

const MOST_TERMS = 10;

/** How the end of an equation is written: {text, before}: the value, and the style of the sum that it is made of. */
function endStyles(found) {
  if (!found.activation) return { text: value(found.value), before: value };
  if (found.softmax) {
    const { score, share } = softmaxStyles(found.softmax);
    return { text: share(found.value), before: score };
  }
  return { text: value(found.value), before: agreeing(significant(value), gives([found.before], found.apply, value)) };
}

/** The style of terms that add up to what `whole` writes; with three digits at least of the first, and further claims. */
function styleOfTerms(terms, whole, ...claims) {
  const least = Math.max(decimalsOf(whole(sum(...terms))), decimalsOf(value(terms[0])));
  return agreeing(decimal(least), gives(terms, sum, whole), ...claims);
}

/** The style of two factors whose product `whole` writes. */
const factorStyle = (a, b, whole) => agreeing([brief, ...significant(value)], gives([a, b], product, whole));

/** A convolution's value. */
export function convolve(found, context) {
  const part = partOf(found, context);
  const others = found.parts.filter((each) => each !== part);
  const end = endStyles(found);
  const rest = sum(...others.map((each) => each.sum));
  const listed = found.parts.length <= MOST_TERMS ? [gives(others.map((each) => each.sum), sum)] : [];
  const style = styleOfTerms([part.sum, rest, found.bias], end.before, ...listed);
  return [
    others.length ? shares(found, context, style) : null,
    products(found, part, style, context),
    equation(
      term(others.length ? context.mapName(part.channel) : "sum", style(part.sum), { id: "part-sum" }),
      ...(others.length ? [sign("+"), term(restName(others.length, context), style(rest))] : []),
      ...ending(found, end, style),
    ),
  ];
}

function restName(count, { colours }) {
  const what = colours ? "colour" : "map";
  return count === 1 ? `the other ${what}` : `sum of the other ${plural(count, what)}`;
}

/** The part of a convolution that the chosen input map gives. */
const partOf = (found, { part }) => found.parts.find(({ channel }) => channel === part);

/** What the window sees × the kernel = products; `style` writes their sum. */
function products(found, part, style, context) {
  const cells = part.cells.flat();
  const many = found.parts.length > 1;
  const own = styleOfTerms(cells.map((cell) => cell.product), style);
  const styles = new Map(cells.map((cell) => [cell, factorStyle(cell.value, cell.weight, own)]));
  const seen = part.cells.map((row) =>
    row.map((cell) => ({
      value: cell.value,
      text: styles.get(cell)(cell.value),
      state: cell.inside ? "" : "padding",
      title: cell.inside ? `${value(cell.value)}, row ${cell.row}, column ${cell.column}` : "padding: 0",
      onclick: cell.inside ? () => context.godown(cell.index) : null,
    })),
  );
  const made = part.cells.map((row) => row.map((cell) => ({ value: cell.product, text: own(cell.product) })));
  const limit = largest(found.parts.flatMap(({ cells: c }) => c.flat().map(({ weight }) => weight)));
  const name = many ? `${context.mapName(part.channel)} of ${context.inputName}` : context.inputName;
  return h(
    "div",
    { class: "three" },
    grid(name, seen, largest(cells.map((c) => c.value)), context.shade(part.channel)),
    joined("×", kernelGrid(found, part, limit, styles, context)),
    joined("=", grid(`sum ${style(part.sum)}`, made, largest(cells.map((c) => c.product)))),
  );
}

/** A grid behind its sign, with which it goes to the next line where there is no room. */
const joined = (text, figure) => h("div", { class: "joined" }, sign(text), figure);

/** The kernel with cells that can be written into; a product of two kernels can only be read. */
function kernelGrid(found, part, limit, styles, context) {
  const rows = part.cells.map((row) => row.map((cell) => ({ ...cell, text: styles.get(cell)(cell.weight) })));
  if (found.product) return grid("both kernels multiplied", rows.map((row) => row.map(({ weight, text }) => ({ value: weight, text }))), limit);
  return editable(kernelName(found), rows, limit, (cell, number) => context.edit("kernel", cell.weightIndex, number));
}

/** As a convolution, but of the kernel only what meets here is shown, its rows and columns turned. */
export function convolveTransposed(found, context) {
  const note = (text) => h("p", { class: "note" }, text);
  if (!found.meets) {
    const end = endStyles(found);
    const nothing = note("No input pixel reaches this position: the painted kernels leave a gap here. Only the bias is left.");
    return [nothing, equation(term("sum", "0", { id: "part-sum" }), ...ending(found, end, end.before))];
  }
  const covering = found.meets.rows.length * found.meets.columns.length;
  const words =
    covering === 1
      ? "Here the kernel of one pixel is painted, and one of its values counts."
      : `Here the kernels of ${covering} pixels overlap, each with a different value.`;
  return [note(`Every input pixel paints the kernel, multiplied by its value. ${words}`), ...convolve(found, context)];
}

/** "kernel", or which of its rows and columns meet. */
function kernelName({ meets }) {
  if (!meets) return "kernel";
  const named = (name, positions) => `${positions.length > 1 ? `${name}s` : name} ${positions.join(", ")}`;
  return `kernel: ${named("row", meets.rows)}; ${named("column", meets.columns)}`;
}

/** A value between pixels of a smaller image. */
export function enlarge(found, context) {
  const cells = found.cells.flat();
  const from = `${context.mapName(found.channel)} of ${context.inputName}`;
  const whole = () => equation(term("sum", value(found.value), { id: "value" }));
  if (cells.length === 1 && cells[0].index < 0) {
    return [equation(term("outside the image", value(found.value), { id: "value" }))];
  }
  if (cells.length === 1) {
    return [
      equation(term("the same value as the input pixel", value(found.value), { id: "value" })),
      origin(cells[0].index, context),
    ];
  }
  const own = styleOfTerms(cells.map((cell) => cell.product), value);
  const styles = new Map(cells.map((cell) => [cell, factorStyle(cell.value, cell.share, own)]));
  const seen = found.cells.map((row) =>
    row.map((cell) => ({
      value: cell.value,
      text: styles.get(cell)(cell.value),
      state: cell.index < 0 ? "padding" : "",
      title: `${value(cell.value)}, row ${cell.row}, column ${cell.column}`,
      onclick: cell.index < 0 ? null : () => context.godown(cell.index),
    })),
  );
  const shared = found.cells.map((row) => row.map((cell) => ({ value: cell.share, text: styles.get(cell)(cell.share) })));
  const made = found.cells.map((row) => row.map((cell) => ({ value: cell.product, text: own(cell.product) })));
  return [
    h("p", { class: "note" }, `A mix of ${cells.length} input pixels: the nearer a pixel, the larger its share.`),
    h(
      "div",
      { class: "three" },
      grid(from, seen, largest(cells.map((cell) => cell.value)), context.shade(found.channel)),
      joined("×", grid("share", shared, 1)),
      joined("=", grid(`sum ${value(found.value)}`, made, largest(cells.map((cell) => cell.product)))),
    ),
    whole(),
  ];
}

/** The bias, and what becomes of the sum; `style` writes the terms, `end` is from endStyles. */
function ending(found, end, style) {
  const parts = [];
  if (found.bias !== 0) parts.push(sign(found.bias < 0 ? "−" : "+"), term("bias", style(Math.abs(found.bias))));
  if (!found.activation) return [...parts, ...result(end.text)];
  const name = activationName(found.activation);
  return [
    ...parts,
    sign("="),
    term(`before ${name}`, end.before(found.before)),
    sign("→"),
    term(name, end.text, { id: "value" }),
  ];
}

/** What each input map contributes to this value: the strongest first. */
function shares(found, context, style) {
  const order = [...found.parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, MOST_TERMS);
  if (!order.includes(partOf(found, context))) order[order.length - 1] = partOf(found, context);
  const most = largest(found.parts.map((part) => part.sum));
  return h(
    "div",
    { class: "shares" },
    h("h3", {}, `Contribution of each of the ${plural(found.parts.length, context.colours ? "colour" : "map")}`),
    h(
      "ol",
      {},
      order.map((part) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              "aria-pressed": String(part.channel === context.part),
              onclick: () => context.choosePart(part.channel),
            },
            context.thumbnail(part.channel),
            h("span", { class: "what" }, context.mapName(part.channel)),
            bar(part.sum, most),
            h("span", { class: "score" }, style(part.sum)),
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

/** A dense neuron's value. */
export function dense(found, context) {
  const order = [...found.terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, MOST_TERMS);
  const most = largest(order.map((each) => each.product));
  const these = sum(...order.map((each) => each.product));
  const rest = found.sum - these;
  const others = found.terms.length - order.length;
  const end = endStyles(found);
  const style = styleOfTerms([these, ...(others ? [rest] : []), found.bias], end.before);
  const own = styleOfTerms(order.map((each) => each.product), style);
  return [
    h(
      "div",
      { class: "shares" },
      h("h3", {}, others ? `The ${order.length} largest products of ${plural(found.terms.length, "input")}` : "Input × weight = product"),
      h("ol", {}, order.map((each) => denseRow(each, own, most, context))),
    ),
    equation(
      term(others ? `sum of these ${order.length}` : "sum", style(these), { id: "part-sum" }),
      ...(others ? [sign("+"), term(`sum of the other ${others.toLocaleString("en")}`, style(rest))] : []),
      ...ending(found, end, style),
    ),
    found.softmax ? softmax(found.softmax, context) : null,
  ];
}

function denseRow(each, own, most, context) {
  const style = factorStyle(each.value, each.weight, own);
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", onclick: () => context.godown(each.index), title: "Show where this input comes from" },
      h("span", { class: "what wide" }, context.nameOf(each.index)),
      h("span", { class: "factors" }, `${style(each.value)} × ${style(each.weight)}`),
      bar(each.product, most),
      h("span", { class: "score" }, own(each.product)),
    ),
  );
}
