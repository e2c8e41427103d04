// The same exercise with the same numbers on all screens: a link, or a few characters to type.

import { h } from "../shared/dom.js";
import { say } from "../shared/message.js";
import { isHosted, linkTo } from "../shared/session.js";
import { readAddress } from "./address.js";

/** The dialog behind a button. `write()` gives the state for an address; `open({name, seed})` shows what somebody types. */
export function startSharing(button, write, open) {
  const link = h("input", { type: "text", readOnly: true, onfocus: () => link.select() });
  const typed = h("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: "pixel 7" });
  const problem = h("p", { class: "error", role: "alert" });
  const code = h("b", { class: "share-code" });
  const form = h("form", { class: "row", onsubmit: take }, h("label", { class: "field" }, h("span", {}, "A code that you were given"), typed), h("button", { type: "submit" }, "Open")); // prettier-ignore
  const dialog = h(
    "dialog",
    { "aria-labelledby": "share-title" },
    h("h2", { id: "share-title" }, "The same numbers for everybody"),
    h("p", {}, "The code of this exercise is ", code, ". Anyone who types it here, or opens the link below, gets the same numbers."),
    h("label", { class: "field" }, h("span", {}, "End of the link: it works with the address of any page of exercises"), link),
    form,
    problem,
    h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, "Close"), h("button", { type: "button", class: "primary", onclick: copy }, "Copy link")),
  ); // prettier-ignore
  document.body.append(dialog);

  button.addEventListener("click", () => {
    const { name, seed } = readAddress(write());
    code.textContent = seed === null ? name : `${name} ${seed}`;
    link.value = isHosted() ? linkTo(write()) : `#${write()}`;
    problem.textContent = "";
    dialog.showModal();
  });

  async function copy() {
    dialog.close();
    try {
      await navigator.clipboard.writeText(link.value);
      say("Copied.");
    } catch {
      say("The browser does not let this page copy. Select the text and copy it yourself.", "error");
    }
  }

  function take(event) {
    event.preventDefault();
    const [name, seed] = typed.value.trim().toLowerCase().split(/[\s,]+/);
    problem.textContent = open(readAddress(`exercise=${name}&seed=${seed ?? ""}`)) ? "" : `There is no exercise “${typed.value}”. A code looks like this: pixel 7`;
    if (!problem.textContent) dialog.close();
  }
}
