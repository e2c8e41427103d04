// The loss from batch to batch as a small curve: raw, and smoothed over it.

import { h, svg } from "../../shared/dom.js";
import { linePath } from "../curves.js";
import { lossText, smoothed, windowOf } from "./words.js";

const MARGIN = 0.05; // of the height, above and below
const SKIPPED = 0.05; // of the points: the first, with random weights, no longer set the scale once there are some

/** The curve; `render(points)` takes [batches since the beginning, mean loss] as Python gives them. */
export function createSparkline() {
  const raw = svg("path", { class: "raw" });
  const smooth = svg("path", { class: "smooth" });
  const drawing = svg("svg", { viewBox: "-1 -4 102 108", preserveAspectRatio: "none", role: "img" });
  drawing.append(raw, smooth);
  const high = h("span", { class: "high", "aria-hidden": "true" });
  const low = h("span", { class: "low", "aria-hidden": "true" });
  const told = { smooth: h("b"), raw: h("b") };
  const keys = [
    h("span", { class: "key smooth" }, "smoothed ", told.smooth),
    h("span", { class: "key raw" }, "raw ", told.raw),
  ]; // prettier-ignore
  const figure = h("figure", { class: "loss" }, h("figcaption", {}, h("b", {}, "Training loss"), keys), h("div", { class: "trace" }, drawing, high, low));

  return {
    figure,
    render(points) {
      const soft = smoothed(points);
      const known = points.slice(Math.floor(points.length * SKIPPED)).flatMap(([, loss]) => loss ?? []);
      const { bottom, top } = scaleOf(known);
      const [from, to] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 1];
      const place = ([batch, loss]) =>
        loss === null ? null : [to > from ? (100 * (batch - from)) / (to - from) : 50, Math.max(-4, 100 - (100 * (loss - bottom)) / (top - bottom))];
      raw.setAttribute("d", linePath(points.map(place)));
      smooth.setAttribute("d", linePath(soft.map(place)));
      told.raw.textContent = lossText(points.at(-1)?.[1]);
      told.smooth.textContent = lossText(soft.at(-1)?.[1]);
      high.textContent = points.length ? lossText(top) : "";
      low.textContent = points.length ? lossText(bottom) : "";
      drawing.setAttribute("aria-label", words(points, soft));
    },
  };
}

/** Where the axis begins and ends: at 0, unless the curve has not come half the way there. */
export function scaleOf(losses) {
  if (!losses.length) return { bottom: 0, top: 1 };
  const [least, most] = [Math.min(...losses), Math.max(...losses, 1e-9)];
  const room = MARGIN * Math.max(most - least, 0.1 * most);
  return { bottom: least > most / 2 ? least - room : 0, top: most + room };
}

function words(points, soft) {
  if (!points.length) return "Training loss: no batch yet.";
  const size = windowOf(points);
  return (
    `Training loss over ${points.at(-1)[0].toLocaleString("en")} batches: ${lossText(points[0][1])} at first, ` +
    `now ${lossText(points.at(-1)[1])}, smoothed over ${size === 1 ? "one point" : `${size} points`} ${lossText(soft.at(-1)[1])}.`
  );
}
