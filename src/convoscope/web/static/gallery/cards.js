// Cards from plain data: rooms with a picture, and commands. Each `open` and `more` is {title, address}.

import { h } from "../shared/dom.js";
import { command } from "./copied.js";

/** A room: {element, figure, canvas, caption}. The whole card leads where its first link leads. */
export function roomCard(room, number) {
  const canvas = h("canvas", { role: "img", "aria-label": room.alt });
  const figure = h("figure", {}, canvas);
  const caption = h("p", { class: "caption" });
  const element = h(
    "li",
    { class: "room", dataset: { room: room.id } },
    figure,
    caption,
    h("div", {}, h("h2", {}, h("span", { class: "number" }, String(number)), h("span", {}, room.title)), h("p", { class: "text" }, room.text)),
    h(
      "ul",
      { class: "ways" },
      h("li", {}, h("a", { class: "enter", href: room.open.address }, room.open.title)),
      (room.more ?? []).map(({ title, address }) => h("li", {}, h("a", { href: address }, title))),
    ),
  );
  return { element, figure, canvas, caption };
}

/** Something that begins in a terminal: {title, text, command}. */
export function commandCard(each) {
  return h("li", { class: "card" }, h("h3", {}, each.title), h("p", {}, each.text), command(each.command));
}
