// The arithmetic of one output pixel, written out: products, their sum, and what becomes of it.

import { css, diverging, ink } from "../shared/colour.js";
import { byId, h } from "../shared/dom.js";
import { brief, number, plural } from "../shared/format.js";
import { colourOf } from "../shared/scale.js";
import { theme } from "../shared/theme.js";

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
      const most = pooling ? 1 : Math.max(...shown.cells.flat().map(({ product }) => Math.abs(product ?? 0)), 1e-6);
      cells.replaceChildren(
        ...shown.cells.flat().map((cell) => (pooling ? pooledCell(cell, scales.input) : productCell(cell, most))),
      );
      const terms = pooling
        ? poolLines(step, shown, position)
        : filterLines(step, explanation, shown, channel, position, scales.output);
      lines.replaceChildren(...terms);
      note.textContent = noteFor(step, explanation, position, input);
    },
    text: () => lines.textContent,
  };
}

function productCell({ value, weight, product, state }, most) {
  if (state === "missing")
    return h(
      "div",
      { class: "cell missing", title: "no pixel here" },
      h("span", { class: "factors" }, `? × ${number(weight)}`),
      h("b", {}, "?"),
    );
  const colour = diverging(product, most * 1.4, theme());
  const cell = h(
    "div",
    { class: `cell ${state}`, title: `${number(value, 4)} × ${number(weight, 4)}` },
    h("span", { class: "factors" }, `${brief(value)} × ${number(weight)}`),
    h("b", {}, brief(product)),
  );
  cell.style.backgroundColor = css(colour);
  cell.style.color = ink(colour);
  return cell;
}

function pooledCell({ value, wins, state }, scale) {
  if (state === "missing") return h("div", { class: "cell missing" }, h("b", {}, "?"));
  const colour = colourOf(value, scale, theme());
  const cell = h(
    "div",
    { class: wins ? "cell wins" : "cell" },
    h("b", {}, brief(value)),
    wins ? h("span", { class: "factors" }, "kept") : null,
  );
  cell.style.backgroundColor = css(colour);
  cell.style.color = ink(colour);
  return cell;
}

const term = (name, value, properties = {}) =>
  h("span", { class: "term", ...properties }, h("b", {}, value), h("small", {}, name));
const sign = (text) => h("span", { class: "sign" }, text);

function filterLines(step, explanation, shown, channel, position, scale) {
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
        term(NAMES[i], number(sum), { class: i === channel ? "term chosen" : "term" }),
      ),
    );
    parts.push(sign("="));
  }
  parts.push(term("sum", number(total.total), { id: "sum" }));
  if (step.weight !== 1) parts.push(sign("×"), term("weight", number(step.weight, 4)));
  if (step.bias !== 0) parts.push(sign(step.bias < 0 ? "−" : "+"), term("bias", number(Math.abs(step.bias))));
  if (step.weight !== 1 || step.bias !== 0) parts.push(sign("="), term("weighted", number(total.weighted)));
  if (step.activation !== "linear")
    parts.push(sign("→"), term(step.activation.replace("_", " "), number(total.activated)));
  if (step.clip) parts.push(sign("→"), term(fate(total), number(total.clipped)));
  parts.push(sign("→"), outputTerm(total.clipped, scale));
  return parts;
}

/** What a byte makes of a value. */
function fate({ activated, clipped }) {
  if (clipped === activated) return "within 0…255";
  return activated < -0.5 || activated > 255.5 ? "clipped" : "rounded";
}

function poolLines(step, shown) {
  if (shown.clipped === null) return [term("output", "none", { id: "output-value" })];
  const values = shown.cells.flat().map(({ value }) => brief(value));
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
      ? `${missing} of ${all} pixels of this window are missing: what is left over at the border is dropped.`
      : `${missing} of ${all} neighbours are missing (?): without them there is no sum, so no output pixel is made ` +
          "here and the output is smaller. Padding there would fill them in.";
  }
  if (position.reason === "skipped") {
    const dots = "Dots mark the pixels that it stops at.";
    return `Stride ${step.stride}: the window steps over this pixel, no output pixel is made here. ${dots}`;
  }
  if (step.type === "pool") return `Row ${position.row}, column ${position.column} of the output, one value from ${all}.`;
  const padded = channels[0].cells.flat().filter(({ state }) => state === "padded").length;
  const inputs = all * (step.channels === "sum" ? depth : 1);
  const from = padded ? `, ${padded} of them in the padding` : "";
  const everything = (height * width * depth).toLocaleString("en");
  const where = `Row ${position.row}, column ${position.column} of the output`;
  return `${where}, fed by ${plural(inputs, "input")}${from}; a dense neuron would take all ${everything}.`;
}
