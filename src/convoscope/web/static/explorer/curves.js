// Curves of what was measured in training: each against the same on validation images, with the gap between them.

import { h, svg } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { termed } from "./terms.js";
import { percent, value } from "./words.js";

const MARGIN = 2; // of 100: a dot at an end is not cut
const DOTTED = 40; // epochs of which each has a dot
const RISEN = 1.1; // times its lowest, and this many epochs later: validation loss is then said to have risen
const LATER = 2;
const MANY = 5; // epochs: their first tenth, which begins with random weights, no longer sets the scale
const KINDS = {
  loss: { title: "Loss", write: value, range: (values) => [0, Math.max(...values, 1e-9)] },
  accuracy: {
    title: "Accuracy",
    write: percent,
    range: (values) => [Math.min(0.9, Math.floor(20 * Math.min(...values, 1)) / 20), 1],
  },
};

/** The epochs that can be chosen: those whose weights were kept, or else all that were measured. */
export function positionsOf({ epochs, snapshots }) {
  return snapshots.length ? snapshots : epochs.map(({ epoch }) => epoch);
}

/** The one of `positions` that is nearest to a number. */
export function nearestTo(positions, wanted) {
  return positions.reduce((best, each) => (Math.abs(each - wanted) < Math.abs(best - wanted) ? each : best));
}

/** A path through points [x, y]; where one is null the line is broken. A point alone becomes a dot. */
export function linePath(points) {
  let pen = "M";
  return points
    .map((point) => {
      const step = point ? `${pen}${position(point[0])} ${position(point[1])}${pen === "M" ? "h0" : ""}` : "";
      pen = point ? "L" : "M";
      return step;
    })
    .join("");
}

/** The area between two lines, where both have points. */
export function areaPath(upper, lower) {
  const both = upper.map((point, i) => [point, lower[i]]).filter(([a, b]) => a && b);
  if (both.length < 2) return "";
  const corners = [...both.map(([a]) => a), ...both.map(([, b]) => b).reverse()];
  return `${corners.map(([x, y], i) => `${i ? "L" : "M"}${position(x)} ${position(y)}`).join("")}Z`;
}

/** What the curves say about learning by heart, at the chosen epoch and over all of them; "" without validation. */
export function gapWords(epochs, chosen) {
  const measured = epochs.filter((each) => each.val_loss !== undefined);
  if (!measured.length) return "";
  const here = measured.find(({ epoch }) => epoch === chosen);
  const lowest = measured.reduce((best, each) => (each.val_loss < best.val_loss ? each : best));
  const last = measured.at(-1);
  const words = [];
  if (here?.val_accuracy !== undefined && here.accuracy !== undefined) {
    const points = 100 * (here.accuracy - here.val_accuracy);
    const side = points >= 0 ? "below" : "above";
    words.push(`Validation is ${number(Math.abs(points), 1)} points ${side} training after epoch ${chosen}.`);
  }
  if (last.epoch >= lowest.epoch + LATER && last.val_loss > RISEN * lowest.val_loss)
    words.push(`Its loss was lowest after epoch ${lowest.epoch} and has risen since: overfitting.`);
  return words.join(" ");
}

/** One curve in words, for those who do not see it. */
export function describeCurve(name, epochs) {
  const { title, write } = KINDS[name];
  const parts = [["training", name], ["validation", `val_${name}`]].flatMap(([what, key]) => {
    const measured = epochs.filter((each) => each[key] !== undefined);
    if (!measured.length) return [];
    return [`${what} from ${write(measured[0][key])} to ${write(measured.at(-1)[key])}`];
  }); // prettier-ignore
  return `${title} of epochs ${epochs[0].epoch} to ${epochs.at(-1).epoch}: ${parts.join("; ")}.`;
}

const valuesOf = (epochs, keys) => epochs.flatMap((each) => keys.flatMap((key) => each[key] ?? []));
const position = (x) => String(Math.round(100 * x) / 100);

/** The curves in `holder`; `onchoose(epoch)` hears where they are clicked or drawn along, as a number between epochs. */
export function createCurves(holder, onchoose) {
  const curves = Object.keys(KINDS).map((name) => createCurve(name, (share) => onchoose(domain[0] + share * (domain[1] - domain[0])))); // prettier-ignore
  let domain = [0, 1];
  holder.append(...curves.map(({ figure }) => figure));

  return {
    /** Draws {epochs, chosen, first, last}: the axis goes from the epoch `first` to `last`. */
    render({ epochs, chosen, first, last }) {
      domain = [first, last];
      const across = (epoch) => (last > first ? (100 * (epoch - first)) / (last - first) : 50);
      for (const { render } of curves) render(epochs, chosen, across);
    },
  };
}

function createCurve(name, onpoint) {
  const { title, write, range } = KINDS[name];
  const paths = ["gap", "marker", "training", "training dots", "validation", "validation dots"].map((kind) => svg("path", { class: kind }));
  const [gap, marker, training, trainingDots, validation, validationDots] = paths;
  const drawing = svg("svg", { viewBox: `${-MARGIN} -8 ${100 + 2 * MARGIN} 116`, preserveAspectRatio: "none", role: "img" });
  drawing.append(...paths);
  const [high, low] = [h("span", { class: "high" }), h("span", { class: "low" })];
  const told = [h("span", { class: "key training" }), h("span", { class: "key validation" })];
  const figure = h(
    "figure",
    { class: "curve" },
    h("figcaption", {}, h("b", {}, termed(title)), told),
    h("div", { class: "plot" }, drawing, high, low),
  );

  const point = (event) => {
    const box = drawing.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * (100 + 2 * MARGIN) - MARGIN;
    onpoint(Math.max(0, Math.min(1, across / 100)));
  };
  drawing.addEventListener("pointerdown", (event) => {
    drawing.setPointerCapture(event.pointerId);
    point(event);
  });
  drawing.addEventListener("pointermove", (event) => drawing.hasPointerCapture(event.pointerId) && point(event));

  function render(epochs, chosen, across) {
    const lines = [name, `val_${name}`];
    figure.hidden = !valuesOf(epochs, lines).length;
    if (figure.hidden) return;
    const [bottom, top] = range(valuesOf(epochs.slice(epochs.length < MANY ? 0 : Math.ceil(epochs.length / 10)), lines));
    const up = (height) => 100 - (100 * (height - bottom)) / (top - bottom);
    const [train, check] = lines.map((key) =>
      epochs.map((each) => (each[key] === undefined ? null : [across(each.epoch), up(each[key])])),
    );
    gap.setAttribute("d", areaPath(train, check));
    training.setAttribute("d", linePath(train));
    trainingDots.setAttribute("d", dotsOf(train));
    validation.setAttribute("d", linePath(check));
    validationDots.setAttribute("d", dotsOf(check));
    marker.setAttribute("d", `M${position(across(chosen))} -8V108`);
    [high.textContent, low.textContent] = [top, bottom].map(write);
    drawing.setAttribute("aria-label", describeCurve(name, epochs));
    const here = epochs.find(({ epoch }) => epoch === chosen);
    lines.forEach((key, i) => {
      told[i].hidden = !valuesOf(epochs, [key]).length;
      const measured = here?.[key];
      told[i].textContent = `${["training", "validation"][i]}${measured === undefined ? "" : ` ${write(measured)}`}`;
    });
  }

  return { figure, render };
}

/** A dot for each point where they are few: one epoch alone is seen too. */
function dotsOf(points) {
  return points.length > DOTTED ? "" : points.filter(Boolean).map(([x, y]) => `M${position(x)} ${position(y)}h0`).join("");
}
