// A colour image: each channel through its kernel, and the three results together, all on one scale.

import { sumChannels } from "../engine/index.js";
import { byId, h } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { createImageView } from "../shared/image-view.js";
import { channelOf, extent, gradient, paint } from "../shared/scale.js";
import { theme } from "../shared/theme.js";

const NAMES = ["Red", "Green", "Blue", "Sum"];

/** The view in #colour-results; `onpoint(row, column)` hears which output pixel is pointed at. */
export function createColourView(onpoint) {
  const root = byId("colour-results");
  const panels = NAMES.map((name, i) => {
    const caption = h("figcaption", {}, name);
    const range = h("span", { class: "muted" });
    const holder = h("div", { class: "holder" });
    const sign = i ? h("span", { class: "sign", "aria-hidden": "true" }, i === 3 ? "=" : "+") : "";
    root.append(sign, h("figure", {}, holder, h("div", { class: "row caption" }, caption, range)));
    return { view: createImageView(holder, { name: `${name} result`, onpoint, most: 320 }), caption, range };
  });
  const bar = byId("colour-bar");
  const ends = byId("colour-ends");

  function repaint(apart, step) {
    const sums = step.channels === "sum";
    const tensors = [0, 1, 2].map((channel) => channelOf(apart, channel));
    if (sums) tensors.push(sumChannels(apart, step.bias));
    const extents = tensors.map(extent);
    const limit = Math.max(255, ...extents.flatMap(({ low, high }) => [-low, high]));
    const scale = { kind: extents.some(({ low }) => low < -0.5) ? "signed" : "positive", limit };
    panels.forEach(({ view, range }, i) => {
      const together = !sums && i === 3;
      view.show(paint(together ? apart : tensors[i], together ? { kind: "image", limit: 255 } : scale, theme()));
      range.textContent = together ? "" : `${number(extents[i].low, 0)} … ${number(extents[i].high, 0)}`;
    });
    bar.style.backgroundImage = gradient(scale, theme());
    const signed = scale.kind === "signed";
    ends.replaceChildren(
      ...[signed ? number(-limit, 0) : "0", signed ? "0" : "", number(limit, 0)].map((text) => h("span", {}, text)),
    );
    panels[3].caption.textContent = !sums ? "Together" : step.bias ? `Sum and bias ${number(step.bias)}` : "Sum";
    byId("colour-title").textContent = sums
      ? "Colour: three results and their sum"
      : "Colour: three results, kept apart";
    for (const sign of root.querySelectorAll(".sign")) sign.classList.toggle("faint", !sums);
  }

  return {
    /** Shows the three channels' results of a step. */
    repaint,
    /** Marks the output pixel, or nothing. */
    mark: (box) => panels.forEach(({ view }) => view.mark(box ? [box] : [])),
  };
}
