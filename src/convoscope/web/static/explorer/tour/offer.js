// What asks a person once: whether to start the tour, where nobody asked for anything else; and, after it, whether to go back.

import { h } from "../../shared/dom.js";
import { inAddress, keep, kept } from "../../shared/session.js";

const KEY = "convoscope-tour";

/** Whether the tour may offer itself: at the first opening, of a page that is nobody's frame, link, test or presentation. */
export function mayOffer(title, { presenting }) {
  const framed = window.self !== window.top;
  return !framed && !navigator.webdriver && !presenting && !inAddress() && kept(KEY) !== name(title);
}

/** Remembers that a person has seen the tour of this title, or does not want it. */
export const remember = (title) => keep(KEY, name(title));

const name = (title) => `seen ${title}`;

/** A small card with words and buttons, [text, act]; each takes it away. Returns what takes it away. */
export function ask(label, words, ...choices) {
  const kindOf = (i) => (i === 0 ? "primary" : i === choices.length - 1 ? "quiet" : "");
  const buttons = choices.map(([text, act], i) => h("button", { type: "button", class: kindOf(i), onclick: () => choose(act) }, text));
  const card = h("aside", { class: "tour-offer", "aria-label": label }, h("p", {}, words), h("div", { class: "row" }, buttons));
  document.body.append(card);

  function choose(act) {
    card.remove();
    act();
  }

  return () => card.remove();
}
