// Words of the glossary in the page: underlined where they are first met; what they mean shows on hover, focus and touch.

import { byId, h } from "../shared/dom.js";
import { GLOSSARY, pieces } from "./glossary.js";

const GAP = 6; // CSS pixels between a word and what it means
const LINGERS = 200; // milliseconds in which the pointer gets from the word to the explanation

const meaningOf = (term) => `means-${term.replaceAll(" ", "-")}`;

/** A text as nodes, with the glossary's words in it as buttons; `met`: the terms that other texts of the view have marked. */
export function termed(text, met = new Set()) {
  return pieces(text, met).map(({ text: words, entry }) =>
    entry ? wordOf(words, entry.term) : words,
  );
}

/** A word as a button; no <button>, for that would stand in the line as a box, which may be parted from the next comma. */
function wordOf(words, term) {
  return h("span", { role: "button", tabIndex: 0, class: "word", "aria-describedby": meaningOf(term), dataset: { term } }, words);
}

/** Marks the words in what an element says, once. */
export function mark(element, met) {
  element.replaceChildren(...termed(element.textContent, met));
}

/**
 * Marks each term in the first of `elements` that has it. They may be called again when others are shown or hidden; one
 * whose words stay as they are is left alone, and with it the focus.
 */
export function markFirst(elements, met = new Set()) {
  for (const element of elements) {
    const nodes = termed(element.textContent, met);
    const marked = (list) => [...list].map((node) => `${node.dataset?.term ?? ""} ${node.textContent ?? node}`).join("|");
    if (marked(nodes) !== marked(element.childNodes)) element.replaceChildren(...nodes);
  }
}

/** Makes the words explain themselves, wherever in `root` they stand or will stand. */
export function startTerms(root) {
  const meanings = h("div", { hidden: true }, GLOSSARY.map(({ term, text }) => h("p", { id: meaningOf(term) }, text)));
  const tip = h("div", { class: "meaning", role: "tooltip", hidden: true });
  byId("main").append(meanings, tip);
  let shown = null; // the word whose meaning is seen
  let held = false; // by a click or the keyboard: the pointer may go
  let leaving = null;

  function show(word, hold) {
    clearTimeout(leaving);
    held = hold || (held && word === shown);
    if (word === shown) return;
    shown = word;
    const { term } = word.dataset;
    tip.replaceChildren(h("b", {}, term), ` ${byId(meaningOf(term)).textContent}`);
    tip.hidden = false;
    place(tip, word);
  }

  function hide() {
    clearTimeout(leaving);
    shown = null;
    held = false;
    tip.hidden = true;
  }

  function toggle(word) {
    if (word === shown && held) hide();
    else show(word, true);
  }

  const wordAt = (event) => (event.target instanceof Element ? event.target.closest(".word") : null);
  const leave = () => {
    if (held) return;
    clearTimeout(leaving);
    leaving = setTimeout(hide, LINGERS);
  };
  root.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return; // a touch is a click
    const word = wordAt(event);
    if (word) show(word, false);
    else if (tip.contains(event.target)) clearTimeout(leaving);
    else if (shown) leave();
  });
  root.addEventListener("pointerleave", () => shown && leave());
  root.addEventListener("focusin", (event) => {
    const word = wordAt(event);
    if (word?.matches(":focus-visible")) show(word, true);
  });
  root.addEventListener("focusout", (event) => wordAt(event) && wordAt(event) === shown && hide());
  root.addEventListener("click", (event) => wordAt(event) && toggle(wordAt(event)));
  root.addEventListener("keydown", (event) => {
    if ((event.key !== "Enter" && event.key !== " ") || !wordAt(event)) return;
    event.preventDefault();
    toggle(wordAt(event));
  });
  document.addEventListener("pointerdown", (event) => shown && !wordAt(event) && !tip.contains(event.target) && hide());
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !shown) return;
      event.preventDefault(); // it closes this alone
      hide();
    },
    true,
  );
  window.addEventListener("resize", hide);
  document.addEventListener("scroll", () => shown && (shown.isConnected ? place(tip, shown) : hide()), { capture: true, passive: true });
}

/** Puts the explanation below the word, or above where there is no room, and inside the window. */
function place(tip, word) {
  const [box] = word.getClientRects();
  if (!box) return;
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const left = Math.max(GAP, Math.min(box.left, width - tip.offsetWidth - GAP));
  const below = box.bottom + GAP;
  const top = below + tip.offsetHeight <= height ? below : Math.max(GAP, box.top - GAP - tip.offsetHeight);
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}
