// One exercise on the page: the question, the answer, what is said of it, hints, and the explanation.

import { byId, h } from "../shared/dom.js";
import { goTo, isHosted } from "../shared/session.js";
import { cell, cells } from "./asks/cells.js";
import { choice } from "./asks/choice.js";
import { kernel } from "./asks/kernel.js";
import { layers } from "./asks/layers.js";
import { number, word } from "./asks/number.js";
import { shown } from "./shows/blocks.js";

const ASKS = { number, word, choice, cell, cells, kernel, layers };
const PRAISE = "Right.";

/**
 * Shows an exercise in #exercise. `made`: what its kind has built; `pages`: addresses of the pages that an explanation
 * leads to; `onsolved()` hears of a right answer without the explanation, `next` is {title, go} or null, `again()` draws
 * new numbers, or is null.
 */
export function showExercise({ title, made, pages, onsolved, next, again }) {
  const ask = ASKS[made.asks.kind](made.asks);
  const feedback = h("div", { class: "feedback", role: "status", "aria-live": "polite" });
  const hints = h("ol", { class: "hints" });
  const explanation = h("section", { class: "explanation", "aria-label": "Explanation", hidden: true });
  const help = h("button", { type: "button", onclick: giveHelp });
  const forward = h("div", { class: "row forward" });
  let hinted = 0;
  let told = false; // the explanation has been seen
  let solved = false;

  const check = h("button", { type: "submit", class: "primary" }, "Check");
  const form = h(
    "form",
    { class: "ask", onsubmit: judge },
    h("div", { class: "shows" }, made.shows.map(shown), ask.element),
    h("div", { class: "row buttons" }, check, help, again && h("button", { type: "button", onclick: again }, "New numbers")),
  );
  const heading = h("h2", { tabIndex: -1 }, title);
  byId("exercise").replaceChildren(heading, ...made.text.map((text) => h("p", { class: "question" }, text)), form, feedback, hints, explanation, forward);
  nameHelp();

  function judge(event) {
    event.preventDefault();
    const { value, problem } = ask.answer();
    if (problem) return say("problem", problem);
    const found = made.judge(value);
    ask.show?.(found);
    if (!found.right) return say("wrong", `Not yet. ${found.says}`.trim(), found.shows);
    say("right", [PRAISE, told && !solved ? "You have seen the explanation, so this one does not count." : "", found.says].filter(Boolean).join(" "));
    if (!told && !solved) onsolved();
    solved = true;
    explain();
  }

  function say(kind, text, shows = []) {
    feedback.className = `feedback ${kind}`;
    const mark = { right: "✓", wrong: "✗", problem: "!" }[kind];
    feedback.replaceChildren(h("p", {}, h("span", { class: "mark", "aria-hidden": "true" }, mark), text), ...shows.map(shown));
  }

  /** The hints one after the other, and then the explanation. */
  function giveHelp() {
    if (hinted < made.hint.length) {
      hints.append(h("li", {}, made.hint[hinted++]));
      byId("announce").textContent = hints.lastChild.textContent;
    } else explain();
    nameHelp();
  }

  function nameHelp() {
    const more = hinted < made.hint.length;
    help.textContent = !more ? "Show the explanation" : hinted ? "Next hint" : "Hint";
    help.hidden = told;
  }

  function explain() {
    if (told) return;
    told = true;
    const link = made.link && pages[made.link.page] !== undefined ? linkTo(pages[made.link.page], made.link) : null;
    explanation.replaceChildren(h("h3", {}, "Explanation"), h("div", { class: "shows" }, made.explanation.map(shown)), ...(link ? [link] : []));
    explanation.hidden = made.explanation.length === 0;
    nameHelp();
    if (next) forward.replaceChildren(h("button", { type: "button", class: solved ? "primary" : "", onclick: next.go }, `Next: ${next.title}`));
  }

  return { focus: () => heading.focus({ preventScroll: false }) };
}

/** A link to another page, at the state that the exercise is about. */
function linkTo(page, { state, says }) {
  const address = state ? `${page}#${state}` : page;
  const link = h("a", { href: address, target: "_blank", rel: "noopener", class: "button" }, says);
  if (isHosted()) {
    link.removeAttribute("target");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      goTo(address);
    });
  }
  return h("p", {}, link);
}
