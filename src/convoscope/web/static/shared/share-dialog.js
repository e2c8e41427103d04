// The dialog behind #share: a link to what the page shows, and the page as one file that needs no server.

import { copyButton, saveAs } from "./copying.js";
import { byId, h } from "./dom.js";

/**
 * Makes the dialog. `words` say what the link holds; `link` gives it, and `warning` what it lacks; `html` resolves to the
 * file's text, which is saved as `name`. `more`: elements between them, such as what the link is to hide. Returns {update},
 * for when those have changed.
 */
export function createShareDialog({ words, link, warning, html, name, more = [], say }) {
  const field = h("input", { type: "text", id: "share-link", readOnly: true, "aria-label": "Link", onfocus: () => field.select() });
  const lacking = h("p", { class: "note" });
  const save = attempt(async () => saveAs(await html(), name, "text/html"), say);
  const dialog = h(
    "dialog",
    { "aria-labelledby": "share-title" },
    h("h2", { id: "share-title" }, "Share"),
    h("p", {}, words),
    field,
    lacking,
    more,
    h(
      "div",
      { class: "row end" },
      h("button", { type: "button", onclick: () => dialog.close() }, "Close"),
      h("button", { type: "button", id: "share-html", onclick: save }, "HTML file"),
      copyButton(() => field.value, say),
    ),
  );
  document.body.append(dialog);
  const update = () => (field.value = link());
  byId("share").addEventListener("click", () => {
    lacking.textContent = warning();
    update();
    dialog.showModal();
  });
  return { update };
}

/** A function that saves something, and says what is wrong where that does not work. */
export function attempt(save, say) {
  return async () => {
    try {
      await save();
    } catch (problem) {
      say(problem.message, "error");
    }
  };
}
