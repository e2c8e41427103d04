// One picture large, and what was saved where.

import { h, select } from "../shared/dom.js";

function opened(title, properties, ...content) {
  const close = h("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = h("dialog", { ...properties, "aria-labelledby": "dialog-title" }, h("h2", { id: "dialog-title" }, title), ...content, h("div", { class: "row end" }, close)); // prettier-ignore
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Shows a picture {id, name, group} large; it can be moved and removed. */
export function showPicture({ id, name, group }, classes, change) {
  const act = (asked) => {
    dialog.close();
    change(asked);
  };
  const move = select(
    "Class",
    classes.map((each) => [each.id, each.name]),
    (to) => act({ do: "place pictures", places: [[id, Number(to)]] }),
    { id: "move-to" },
  );
  move.control.value = String(group);
  const dialog = opened(
    name,
    {},
    h("img", { class: "picture-large", src: `data/picture/${id}`, alt: `Picture ${id}` }),
    h("div", { class: "row" }, move.field, h("button", { type: "button", onclick: () => act({ do: "remove pictures", ids: [id] }) }, "Remove")), // prettier-ignore
  );
}

/** Says what was saved, and what can be done with it. */
export function showSaved({ rows, commands, page }) {
  opened(
    "Saved",
    { class: "wide" },
    h("table", {}, h("tbody", {}, rows.map(([what, where]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, where))))),
    h("p", { class: "note" }, "The page is one file. It classifies by webcam in any browser, without an internet connection: share it with anyone you like."), // prettier-ignore
    h("h3", {}, "In a terminal"),
    h("dl", {}, commands.map(([what, command]) => [h("dt", {}, what), h("dd", {}, h("code", {}, command))]).flat()),
    h("p", {}, h("a", { href: page, download: "classifier.html", id: "download-page" }, "Download the page")),
  );
}
