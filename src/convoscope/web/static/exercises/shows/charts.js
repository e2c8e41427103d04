// Bars for scores and probabilities, and the curves of a training.

import { h } from "../../shared/dom.js";
import { number } from "../../shared/format.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [520, 260, 46, 34, 12];

/** {title, names, values, percent}. */
export function bars({ title, names, values, percent = false }) {
  const [low, high] = percent ? [0, 1] : [Math.min(0, ...values), Math.max(0, ...values)];
  const share = (value) => `${(100 * value) / (high - low || 1)}%`;
  const line = (name, i) => {
    const text = percent ? `${number(100 * values[i], 1)} %` : number(values[i]);
    const bar = h("span", { class: values[i] < 0 ? "fill negative" : "fill" });
    Object.assign(bar.style, { width: share(Math.abs(values[i])), marginLeft: share(Math.min(values[i], 0) - low) });
    return h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "track" }, bar), h("td", { class: "figure" }, text));
  };
  return h("figure", { class: "shown" }, h("figcaption", {}, title), h("table", { class: "bars" }, names.map(line)));
}

/** {title, training, validation, mark}: the losses of each epoch, counted from 1; `mark`: the epoch to show, or null. */
export function curves({ title, training, validation, mark = null }) {
  const count = training.length;
  const most = Math.ceil(10 * Math.max(...training, ...validation)) / 10;
  const x = (epoch) => LEFT + ((epoch - 1) / (count - 1)) * (WIDTH - LEFT - 12);
  const y = (loss) => HEIGHT - BOTTOM - (loss / most) * (HEIGHT - BOTTOM - TOP);
  const points = (list) => list.map((loss, i) => `${x(i + 1).toFixed(1)},${y(loss).toFixed(1)}`).join(" ");
  const words = (text, at, more = {}) => svg("text", { x: at[0], y: at[1], ...more }, text);
  const drawn = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. ${said("training", training)} ${said("validation", validation)}`, class: "curves" },
    ...[0, most / 2, most].flatMap((loss) => [
      svg("line", { x1: LEFT, x2: WIDTH - 12, y1: y(loss), y2: y(loss), class: "rule" }),
      words(number(loss, 2), [LEFT - 8, y(loss) + 5], { "text-anchor": "end" }),
    ]),
    ...training.map((_, i) => i + 1).filter((epoch) => count <= 15 || epoch % 2 === 1).map((epoch) => words(String(epoch), [x(epoch), HEIGHT - 12], { "text-anchor": "middle" })),
    ...(mark === null ? [] : [svg("line", { x1: x(mark), x2: x(mark), y1: TOP, y2: HEIGHT - BOTTOM, class: "mark" })]),
    svg("polyline", { points: points(training), class: "training" }),
    svg("polyline", { points: points(validation), class: "validation" }),
    ...validation.map((loss, i) => svg("circle", { cx: x(i + 1), cy: y(loss), r: 3.5, class: "validation" })),
    ...training.map((loss, i) => svg("circle", { cx: x(i + 1), cy: y(loss), r: 3.5, class: "training" })),
  ); // prettier-ignore
  const key = (kind, text) => h("span", { class: `key ${kind}` }, text);
  const legend = h("p", { class: "legend" }, key("training", "training images"), key("validation", "validation images"), h("span", { class: "muted" }, "epoch →"));
  return h("figure", { class: "shown chart" }, h("figcaption", {}, title), drawn, legend);
}

const said = (name, list) => `Loss on the ${name} images, epoch by epoch: ${list.map((loss) => number(loss, 3)).join(", ")}.`;

function svg(tag, properties, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
