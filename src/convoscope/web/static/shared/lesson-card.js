// A lesson in a list of them.

import { h } from "./dom.js";

/** A lesson: {number, title, text, address}. */
export function lessonCard({ number, title, text, address }) {
  return h(
    "li",
    {},
    h("a", { href: address }, h("span", { class: "number" }, String(number)), h("span", {}, h("b", {}, title), h("small", {}, text))),
  );
}
