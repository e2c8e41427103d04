// The exercises that go with a teacher's tour: a page of their own, in a dialog above the explorer.

import { byId, h } from "../../shared/dom.js";
import { plural } from "../../shared/format.js";
import { inNotebook } from "../../shared/notebook.js";
import { goTo, isHosted } from "../../shared/session.js";

const PLACE = "exercises/"; // below the explorer's page, and in a class's file beside it

/**
 * What offers them: {words, open()}; null where none can be shown. `count`: how many there are; `page`: theirs as text, in a
 * file that was saved; `offline` whether this is one.
 */
export function createPractice({ count, page, offline }) {
  const hosted = isHosted();
  if (!count || (!hosted && (offline ? !page : inNotebook))) return null;
  const frame = h("iframe", { title: "Exercises" });
  const close = h("button", { type: "button", class: "icon", "aria-label": "Close the exercises", onclick: () => dialog.close() }, "×");
  const dialog = h("dialog", { class: "practice", "aria-labelledby": "practice-title" }, h("div", { class: "head" }, h("h2", { id: "practice-title" }, "Exercises"), close), frame);
  dialog.addEventListener("close", () => {
    dialog.remove();
    byId("tour").focus({ preventScroll: true });
  });

  return {
    words: count === 1 ? "exercise" : plural(count, "exercise"),
    open() {
      if (hosted) return void goTo(PLACE);
      if (page) frame.srcdoc = page;
      else frame.src = PLACE;
      document.body.append(dialog);
      dialog.showModal();
    },
  };
}
