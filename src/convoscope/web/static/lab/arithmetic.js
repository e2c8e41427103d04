// The arithmetic of one output pixel, written out: products, their sum, and what becomes of it.

import { css, diverging, ink } from "../shared/colour.js";
import { byId, h } from "../shared/dom.js";
import { activateValue } from "../engine/index.js";
import { agreeing, decimal, decimalsOf, gives, product as times, sum as added } from "../shared/agreeing.js";
import { brief, number, plural } from "../shared/format.js";
import { colourOf } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { asByte } from "./explain.js";

const NAMES = ["red", "green", "blue"];

/** The arithmetic in #arithmetic. */
export function createArithmetic(state) {
  const tabs = h(
    "div",
    { class: "segments", role: "group", "aria-label": "Channel" },
    NAMES.map((name, i) =>
      h(
        "button",
        { type: "button", onclick: () => state.change({ channel: i }) },
        name[0].toUpperCase() + name.slice(1),
      ),
    ),
  );
  const cells = h("div", { class: "products", id: "products" });
  const lines = h("div", { class: "equation", id: "equation" });
  const note = h("p", { class: "note", id: "arithmetic-note" });
  byId("arithmetic").append(tabs, cells, lines, note);

  return {
    /** What stands at the position: `explanation` from explain.js; `scales` of the input and the output. */
    render({ step, explanation, position, channel, input, scales }) {
      tabs.hidden = explanation.channels.length === 1;
      [...tabs.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === channel)));
      const shown = explanation.channels[channel];
      const pooling = step.type === "pool";
      cells.style.setProperty("--size", shown.cells[0].length);
      cells.classList.toggle("dense", shown.cells.length > 4);
      const styles = pooling ? null : stylesOf(step, explanation, shown);
      const pooled = pooling ? pooledStyle(step, shown) : null;
      const most = pooling ? 1 : Math.max(...shown.cells.flat().map(({ product }) => Math.abs(product ?? 0)), 1e-6);
      cells.replaceChildren(
        ...shown.cells.flat().map((cell) => (pooling ? pooledCell(cell, scales.input, pooled) : productCell(cell, most, styles.product))),
      );
      const terms = pooling
        ? poolLines(step, shown, pooled)
        : filterLines(step, explanation, shown, { channel, position, scale: scales.output, styles });
      lines.replaceChildren(...terms);
      note.textContent = noteFor(step, explanation, position, input);
    },
    text: () => lines.textContent,
  };
}

/**
 * How the numbers are written, so that what is displayed gives what is displayed: {product, sum, total, weighted, activated}:
 * of products, of a channel's sum, of all sums, of what multiplier and bias make of that, and of what the activation does.
 */
function stylesOf(step, explanation, shown) {
  const summed = step.channels === "sum" && explanation.channels.length > 1;
  const { total, weighted, activated } = summed ? explanation : shown;
  const last = (x) => number(x);
  if (total === null) return { product: last, sum: last, total: last, weighted: last, activated: last };
  const styled = (results, operands, compute, write) => agreeing(decimal(decimalsOf(write(results))), gives(operands, compute, write));
  const end = step.clip ? styled(activated, [activated], asByte, last) : last;
  const before = step.activation === "linear" ? end : styled(activated, [weighted], (x) => activateValue(x, step.activation), end);
  const scaled = step.weight !== 1 || step.bias !== 0;
  const whole = scaled ? styled(weighted, [total, step.weight, step.bias], (x, weight, bias) => x * weight + bias, before) : before;
  const sums = explanation.channels.map(({ sum }) => sum);
  const each = summed ? styled(total, sums, added, whole) : whole;
  const products = shown.cells.flat().map(({ product }) => product);
  return { product: styled(shown.sum, products, added, each), sum: each, total: whole, weighted: before, activated: end };
}

function productCell({ value, weight, product, state }, most, whole) {
  if (state === "missing")
    return h(
      "div",
      { class: "cell missing", title: "no pixel here" },
      h("span", { class: "factors" }, `? × ${number(weight)}`),
      h("b", {}, "?"),
    );
  const colour = diverging(product, most * 1.4, theme());
  const style = agreeing([brief, ...decimal(2)], gives([value, weight], times, whole));
  const cell = h(
    "div",
    { class: `cell ${state}`, title: `${number(value, 4)} × ${number(weight, 4)}` },
    h("span", { class: "factors" }, `${style(value)} × ${style(weight)}`),
    h("b", {}, whole(product)),
  );
  cell.style.backgroundColor = css(colour);
  cell.style.color = ink(colour);
  return cell;
}

/** How the values of a pooling's window are written: so that they have the mean that is shown. */
function pooledStyle({ mode }, { cells, clipped }) {
  const values = cells.flat().map(({ value }) => value);
  const mean = (...all) => added(...all) / all.length;
  return mode === "average" && clipped !== null ? agreeing([brief, ...decimal(2)], gives(values, mean, (x) => number(x))) : brief;
}

function pooledCell({ value, wins, state }, scale, style) {
  if (state === "missing") return h("div", { class: "cell missing" }, h("b", {}, "?"));
  const colour = colourOf(value, scale, theme());
  const cell = h(
    "div",
    { class: wins ? "cell wins" : "cell" },
    h("b", {}, style(value)),
    wins ? h("span", { class: "factors" }, "kept") : null,
  );
  cell.style.backgroundColor = css(colour);
  cell.style.color = ink(colour);
  return cell;
}

const term = (name, value, properties = {}) =>
  h("span", { class: "term", ...properties }, h("b", {}, value), h("small", {}, name));
const sign = (text) => h("span", { class: "sign" }, text);

function filterLines(step, explanation, shown, { channel, position, scale, styles }) {
  if (explanation.missing || position.row === null) {
    return [
      term("sum", shown.sum === null ? "?" : number(shown.sum)),
      sign("→"),
      term("output", "none", { id: "output-value" }),
    ];
  }
  const summed = step.channels === "sum" && explanation.channels.length > 1;
  const total = summed ? explanation : shown;
  const parts = [];
  if (summed) {
    explanation.channels.forEach(({ sum }, i) =>
      parts.push(
        ...(i ? [sign("+")] : []),
        term(NAMES[i], styles.sum(sum), { class: i === channel ? "term chosen" : "term" }),
      ),
    );
    parts.push(sign("="));
  }
  parts.push(term("sum", styles.total(total.total), { id: "sum" }));
  if (step.weight !== 1) parts.push(sign("×"), term("multiplier", styles.total(step.weight)));
  if (step.bias !== 0) parts.push(sign(step.bias < 0 ? "−" : "+"), term("bias", styles.total(Math.abs(step.bias))));
  if (step.weight !== 1 || step.bias !== 0) parts.push(sign("="), term("result", styles.weighted(total.weighted)));
  if (step.activation !== "linear")
    parts.push(sign("→"), term(step.activation.replace("_", " "), styles.activated(total.activated)));
  if (step.clip) parts.push(sign("→"), term(fate(total), number(total.clipped)));
  parts.push(sign("→"), outputTerm(total.clipped, scale));
  return parts;
}

/** What a byte makes of a value. */
function fate({ activated, clipped }) {
  if (clipped === activated) return "within 0…255";
  return activated < -0.5 || activated > 255.5 ? "clipped" : "rounded";
}

function poolLines(step, shown, style) {
  if (shown.clipped === null) return [term("output", "none", { id: "output-value" })];
  const values = shown.cells.flat().map(({ value }) => style(value));
  const list = values.length > 9 ? `${values.slice(0, 8).join(", ")}, …` : values.join(", ");
  return [
    term("of the window", `${step.mode}(${list})`),
    sign("="),
    term("output", number(shown.clipped), { id: "output-value" }),
  ];
}

function outputTerm(value, scale) {
  const swatch = h("i", { class: "swatch" });
  swatch.style.backgroundColor = css(colourOf(value, scale, theme()));
  return h(
    "span",
    { class: "term output", id: "output-value" },
    h("b", {}, swatch, number(value)),
    h("small", {}, "output pixel"),
  );
}

function noteFor(step, { missing, channels }, position, input) {
  const all = channels[0].cells.length * channels[0].cells[0].length;
  const [height, width, depth] = input.shape;
  if (missing) {
    return step.type === "pool"
      ? `${missing} of ${all} pixels of this window are missing: the rest at the border is dropped.`
      : `${missing} of ${all} neighbours are missing (?): without them there is no sum, so there is no output pixel ` +
          "here and the output is smaller. Padding would fill them in.";
  }
  if (position.reason === "skipped") {
    const dots = "Dots mark the pixels that it stops at.";
    return `Stride ${step.stride}: the window steps over this pixel, so there is no output pixel here. ${dots}`;
  }
  const where = `Row ${position.row}, column ${position.column} of the output, counted from 0 as in Python`;
  if (step.type === "pool") return `${where}, one value from ${all}.`;
  const padded = channels[0].cells.flat().filter(({ state }) => state === "padded").length;
  const inputs = all * (step.channels === "sum" ? depth : 1);
  const from = padded ? `, ${padded} of them in the padding` : "";
  const everything = (height * width * depth).toLocaleString("en");
  return `${where}, fed by ${plural(inputs, "input")}${from}; a dense neuron would take all ${everything}.`;
}
