// The runs and comparisons on this machine, as cards; what is damaged says why.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { command } from "./copied.js";
import { paintMatrix } from "./matrix.js";

const SHOWN = 12;
const EMPTY = "There are none yet. This command trains one in a few seconds. Reload the page to see it here:";

/** Puts the cards into `holder`; returns a function that paints them again in the theme's colours. */
export function showRuns(holder, { runs, comparisons }) {
  const painted = [];
  const alone = runs.filter(({ within }) => within === null);
  const parts = [];
  if (!alone.length && !comparisons.length) parts.push(h("p", { class: "note" }, EMPTY), command("convoscope train digits"));
  if (comparisons.length) {
    parts.push(h("h3", { class: "over" }, "Comparisons"), list(comparisons.map((each) => comparisonCard(each, runs))));
  }
  if (alone.length) {
    if (comparisons.length) parts.push(h("h3", { class: "over" }, "Single runs"));
    const cards = alone.map((run) => runCard(run, painted));
    const shown = list(cards.slice(0, SHOWN));
    parts.push(shown);
    if (cards.length > SHOWN) parts.push(moreButton(shown, cards.slice(SHOWN)));
  }
  holder.replaceChildren(...parts);
  holder.setAttribute("aria-busy", "false");
  const paint = () => painted.forEach((draw) => draw());
  paint();
  return paint;
}

const list = (cards) => h("ul", { class: "runs" }, cards);

function moreButton(shown, rest) {
  const button = h("button", { type: "button" }, `Show ${plural(rest.length, "more run")}`);
  button.addEventListener("click", () => {
    shown.append(...rest);
    button.remove();
    rest[0].querySelector("a")?.focus();
  });
  return h("div", {}, button);
}

function runCard(run, painted) {
  const damaged = run.state === "damaged" || run.state === "failed";
  const facts = [run.dataset, run.network, run.epochs ? plural(run.epochs, "epoch") : null].filter(Boolean).join(" · ");
  const state = run.state === "finished" ? null : run.state;
  const words = [state, dateOf(run.created)].filter(Boolean).join(" · ");
  return h(
    "li",
    { class: `run card${damaged ? " damaged" : ""}` },
    pictureOf(run, painted),
    h(
      "div",
      {},
      h("h3", {}, run.state === "damaged" ? run.name : h("a", { href: `runs/${run.id}/`, onclick: opening }, run.name)),
      facts ? h("p", { class: "facts" }, facts) : null,
      run.accuracy ? h("p", { class: "facts" }, h("span", { class: "accuracy" }, run.accuracy), ` of the ${run.part} correct`) : null,
      words ? h("p", { class: "facts" }, words) : null,
    ),
    run.reason ? h("p", { class: "reason" }, run.reason) : null,
  );
}

/** A run's confusion matrix, as a picture that its card's words explain well enough. */
function pictureOf(run, painted) {
  if (!run.confusion) return h("span", { class: "blank", "aria-hidden": "true" }, run.state === "damaged" ? "!" : "…");
  const canvas = h("canvas", { "aria-hidden": "true", width: 152, height: 152 });
  painted.push(() => paintMatrix(canvas.getContext("2d"), run.confusion, { x: 0, y: 0, side: 152 }));
  return canvas;
}

function comparisonCard(each, runs) {
  const count = runs.filter(({ within }) => within === each.name).length;
  const varied = Object.entries(each.varied ?? {}).map(([name, values]) => `${name}: ${values}`);
  const facts = [each.dataset, plural(count, "run"), dateOf(each.created)].filter(Boolean).join(" · ");
  return h(
    "li",
    { class: `run card${each.reason ? " damaged" : ""}` },
    h("span", { class: "blank", "aria-hidden": "true" }, "≷"),
    h(
      "div",
      {},
      h("h3", {}, each.reason ? each.name : h("a", { href: `comparisons/${each.id}/` }, each.name)),
      varied.length ? h("p", { class: "facts" }, varied.join("; ")) : null,
      h("p", { class: "facts" }, facts),
    ),
    each.reason ? h("p", { class: "reason" }, each.reason) : null,
  );
}

/** A large model takes a moment to open: the card says so meanwhile. */
function opening({ currentTarget, ctrlKey, metaKey, shiftKey }) {
  if (!(ctrlKey || metaKey || shiftKey)) currentTarget.closest(".run").setAttribute("aria-busy", "true");
}
window.addEventListener("pageshow", () => {
  for (const card of document.querySelectorAll(".run[aria-busy]")) card.removeAttribute("aria-busy"); // Back led here
});

function dateOf(created) {
  const date = new Date(created ?? NaN);
  return Number.isNaN(date.getTime()) ? null : date.toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}
