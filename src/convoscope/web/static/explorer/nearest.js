// The training images that the network finds most like the one that is shown; the running Python knows them.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { imageAsked, untilCalm } from "./given.js";
import { picture } from "./images.js";
import { value } from "./words.js";

/** The panel in `holder`; `askForPictures(address, question)` asks the running Python. */
export function createNearest(holder, { explorer, askForPictures }) {
  const { names, range, asks } = explorer;
  const list = h("div", { class: "neighbours" });
  const note = h("p", { class: "note" });
  holder.append(list, note);
  let asked = 0;

  return {
    /** Shows them for an image as it was given, perhaps by the number of a test image. */
    async render(given) {
      if (!asks.includes("nearest")) {
        list.replaceChildren();
        note.textContent = "Not available: the page was opened offline or without training images.";
        return;
      }
      const own = ++asked;
      holder.setAttribute("aria-busy", "true");
      try {
        const image = imageAsked(given);
        await untilKnown(() => askForPictures("ask/nearest", { image }), () => own === asked, show); // prettier-ignore
      } catch (problem) {
        if (own === asked) list.replaceChildren(h("p", { class: "error" }, problem.message));
      }
      if (own === asked) holder.setAttribute("aria-busy", "false");
    },
  };

  function show(found) {
    list.replaceChildren(...figuresOf(found, { names, range, said: ({ distances }, i) => value(distances[i]) }));
    note.textContent = progress(found);
  }
}

/**
 * Asks again until Python has looked at all training images, as long as `current()` says that somebody waits. `show`
 * hears of each answer.
 */
export async function untilKnown(ask, current, show) {
  for (;;) {
    const found = await ask();
    if (!current()) return;
    show(found);
    if (found.known >= found.count) return;
    await untilCalm();
  }
}

/** How far Python has come, in words. */
export function progress({ known, count }) {
  if (known < count) return `Among ${known.toLocaleString("en")} of ${plural(count, "training image")} so far; the others are being searched.`;
  return `Among all ${plural(count, "training image")}.`;
}

/** Training images as figures: the class, and what `said(found, i)` says of each. */
export function figuresOf(found, { names, range, said }) {
  const { values, shape, labels, known } = found;
  const size = shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: known ? values.length / size : 0 }, (_, i) =>
    h(
      "figure",
      {},
      picture({ shape, data: values.subarray(i * size, (i + 1) * size) }, range),
      h("figcaption", {}, labels ? h("b", {}, names[labels[i]]) : null, ` ${said(found, i)}`),
    ),
  );
}
