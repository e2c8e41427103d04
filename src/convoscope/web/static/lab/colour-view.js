// A colour image: each channel through its kernel, and the three results together.

import { sumChannels, tensor } from "../engine/index.js";
import { byId, h } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { theme } from "../shared/theme.js";
import { createImageView } from "./image-view.js";
import { channelOf, extent, gradient, paint, scaleFor } from "./scale.js";

const NAMES = ["Red", "Green", "Blue"];

/** The view in #colour-results; `onpoint(row, column)` hears which output pixel is pointed at. */
export function createColourView(onpoint) {
  const root = byId("colour-results");
  const panels = [...NAMES, "Sum"].map((name, i) => {
    const legend = h("div", { class: "bar" });
    const ends = h("p", { class: "ends" });
    const caption = h("figcaption", {}, name);
    const holder = h("div", { class: "holder" });
    root.append(i ? h("span", { class: "sign", "aria-hidden": "true" }, i === 3 ? "=" : "+") : "", h("figure", {}, holder, caption, legend, ends));
    return { view: createImageView(holder, { name: `${name} result`, onpoint, most: 300 }), legend, ends, caption };
  });

  return {
    /** `apart`: the three channels' results; `step`; `box`: the mark of the output pixel. */
    render({ apart, step, range, look, box, repaint }) {
      if (repaint) {
        const sums = step.channels === "sum";
        const tensors = [0, 1, 2].map((channel) => channelOf(apart, channel));
        tensors.push(sumChannels(apart, sums ? step.bias : 0));
        const limit = range === "shared" ? Math.max(...tensors.map((one) => Math.max(...Object.values(extent(one)).map(Math.abs)))) : null;
        const wanted = tensors.some((one) => extent(one).low < -0.5) ? "signed" : look;
        tensors.forEach((one, i) => {
          const fitted = scaleFor(one, wanted, limit);
          const scale = limit && fitted.kind === "image" && look !== "image" ? { kind: "positive", limit } : fitted;
          panels[i].view.show(paint(tensor(one.shape, one.data), scale, theme()).image, ` Values ${number(extent(one).low, 0)} to ${number(extent(one).high, 0)}.`);
          panels[i].legend.style.backgroundImage = gradient(scale, theme());
          const low = scale.kind === "signed" ? `−${number(scale.limit, 0)}` : "0";
          panels[i].ends.replaceChildren(h("span", {}, low), scale.kind === "signed" ? h("span", {}, "0") : "", h("span", {}, number(scale.limit, 0)));
        });
        panels[3].caption.textContent = !sums ? "Sum (here kept apart)" : step.bias ? `Sum + bias ${number(step.bias)}` : "Sum";
      }
      for (const { view } of panels) view.mark(box ? [box] : []);
    },
  };
}
