// Mistakes: the confusion matrix, the images of one such cell, and where in one of them the network found evidence.

import { css, diverging, ink } from "../shared/colour.js";
import { h, renew } from "../shared/dom.js";
import { number, plural } from "../shared/format.js";
import { theme } from "../shared/theme.js";
import { thumbnailOf } from "./source.js";
import { percent } from "./words.js";

const READABLE = 20; // classes in a table; of more, the most frequent mistakes are listed
const LISTED = 30;

/**
 * The matrix in `matrix` and the images in `shown`; `state` has `cell` ([true, prediction] or null) and `image`. The page is
 * given some images of a cell; `askForPictures` gets more from the running Python.
 */
export function createMistakes({ matrix, shown }, { collection, explorer, state, askForPictures }) {
  const { names, count, part } = explorer;
  const tabled = names.length <= READABLE;
  const asked = new Set(); // cells, "true,prediction"
  let confusion, accuracy, counts, wrong, totals; // of the model, or of an epoch
  let problem = ""; // why they are not known
  take(explorer);

  function take(counted) {
    ({ confusion, accuracy } = counted);
    asked.clear();
    counts = new Map((confusion ?? []).map(([from, to, n]) => [`${from},${to}`, n]));
    wrong = (confusion ?? []).filter(([from, to]) => from !== to).sort((a, b) => b[2] - a[2]);
    totals = names.map((_, from) => (confusion ?? []).reduce((sum, [f, , n]) => sum + (f === from ? n : 0), 0));
  }

  function choose(from, to) {
    state.change({ cell: [from, to], ...firstOf(from, to) });
  }

  function firstOf(from, to) {
    const [first] = collection.ofCell(from, to);
    return first === undefined ? {} : { image: collection.number(first), source: "test" };
  }

  /** Gets images of a cell that the page was not given, and shows them. */
  async function bring(from, to, render) {
    const key = `${from},${to}`;
    if (asked.has(key) || !explorer.asks.includes("cell")) return;
    asked.add(key);
    const of = confusion;
    const none = collection.ofCell(from, to).length === 0;
    const { numbers, values } = await askForPictures("ask/cell", { label: from, predicted: to });
    if (of !== confusion) return; // another epoch was chosen meanwhile
    const size = values.length / numbers.length;
    numbers.forEach((number, i) => {
      if (collection.find(number) < 0) collection.add(number, { label: from, predicted: to, values: values.subarray(i * size, (i + 1) * size) }); // prettier-ignore
    });
    if (!same(state.get().cell, [from, to])) return;
    if (none) state.change(firstOf(from, to));
    render();
  }

  function table() {
    const most = Math.max(...wrong.map(([from, , n]) => n / totals[from]), 1e-9);
    const head = names.map((name) => h("th", { scope: "col" }, h("span", {}, name)));
    const rows = names.map((name, from) =>
      h("tr", {}, h("th", { scope: "row" }, name), names.map((_, to) => h("td", {}, cell(from, to, most)))), // prettier-ignore
    );
    return h(
      "div",
      { class: "scroll" },
      h("table", { class: "confusion" }, h("thead", {}, h("tr", {}, h("td"), head)), h("tbody", {}, rows)),
    );
  }

  function cell(from, to, most) {
    const n = counts.get(`${from},${to}`) ?? 0;
    const written = n.toLocaleString("en");
    const words = from === to ? `${names[from]}: ${written} correct` : `${names[from]} classified as ${names[to]}: ${written}`;
    if (!n) return h("span", { class: "none", title: words });
    const pressed = String(same(state.get().cell, [from, to]));
    const button = h(
      "button",
      { type: "button", class: from === to ? "right" : "wrong", title: words, "aria-label": words, "aria-pressed": pressed, onclick: () => choose(from, to) }, // prettier-ignore
      written,
    );
    if (from !== to) {
      const colour = diverging(0.15 + (0.7 * n) / totals[from] / most, 1, theme());
      button.style.backgroundColor = css(colour);
      button.style.color = ink(colour);
    }
    return button;
  }

  function list() {
    const items = wrong.slice(0, LISTED).map(([from, to, n]) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(same(state.get().cell, [from, to])),
            onclick: () => choose(from, to),
          },
          `${names[from]} → ${names[to]}: ${n}`,
        ),
      ),
    );
    return h("ol", { class: "pairs" }, items);
  }

  /** The accuracy and the number of mistakes, in a sentence. */
  function inShort() {
    const total = wrong.reduce((sum, [, , n]) => sum + n, 0);
    const images = plural(count, `${part} image`);
    if (!total) return count === 1 ? `The only ${part} image is classified correctly.` : `All ${images} are classified correctly.`;
    return `${percent(accuracy)} of ${images} ${count === 1 ? "is" : "are"} classified correctly; ${plural(total, "mistake")}.`;
  }

  return {
    /** Draws the matrix again: at the start, and for another theme or cell. */
    render() {
      const unknown = problem || (confusion ? "" : "Without labelled images no mistakes are known.");
      if (unknown) {
        renew(matrix, h("p", { class: "note" }, unknown));
        renew(shown);
        return;
      }
      const words = inShort();
      const more = tabled ? " A row for each true class, a column for each prediction." : wrong.length ? " The most frequent:" : "";
      renew(matrix, h("p", { class: "note" }, words, more), tabled ? table() : list());
      this.renderImages();
    },
    renderImages() {
      const { cell: chosen, image } = state.get();
      if (!chosen) {
        const what = tabled ? "number in the matrix to see the images it counts" : "mistake to see its images";
        renew(shown, h("p", { class: "note" }, tabled || wrong.length ? `Choose a ${what}.` : "There are no mistakes to look at."));
        return;
      }
      const [from, to] = chosen;
      const some = collection.ofCell(from, to);
      const all = counts.get(`${from},${to}`) ?? 0;
      if (some.length < all) bring(from, to, () => this.renderImages()).catch(() => {}); // what is there is shown, with its number
      const title = from === to ? names[from] : `${names[from]} classified as ${names[to]}`;
      const few = some.length < all ? `${number(some.length)} of ${plural(all, "image")}` : plural(all, "image");
      renew(
        shown,
        h("h3", {}, title, h("span", { class: "muted" }, few)),
        h(
          "div",
          { class: "thumbnails" },
          some.map((i) =>
            thumbnailOf(collection, i, names, {
              pressed: collection.number(i) === image,
              onclick: () => state.change({ image: collection.number(i), source: "test" }),
            }),
          ),
        ),
      );
    },
    /** Takes over what was counted for another epoch: {confusion, accuracy}, {problem}, or null for the model itself. */
    count(found) {
      take(found?.confusion ? found : explorer);
      problem = found?.problem ?? "";
      collection.takeOver(found?.problem && explorer.labels ? [] : (found?.predicted ?? null));
    },
    /** Chooses the most frequent mistake, if there is one. */
    chooseFirst: () => !problem && wrong.length && choose(...wrong[0]),
  };
}

const same = (a, b) => Boolean(a && b && a[0] === b[0] && a[1] === b[1]);
