// Buttons that copy the program beside them, and say so for a moment.

import { copy } from "../shared/copying.js";
import { byId, h } from "../shared/dom.js";

const MOMENT = 2000; // milliseconds

/** Wires every .copy below `root` to the <pre> beside it. */
export function startCopying(root) {
  for (const button of root.querySelectorAll(".code .copy")) {
    const text = () => button.parentElement.querySelector("pre").textContent;
    if (!button.hasAttribute("aria-label")) button.setAttribute("aria-label", `Copy: ${text().trim().split("\n")[0]}`);
    button.addEventListener("click", () =>
      copy(text, (words, kind) => {
        byId("announce").textContent = words;
        button.textContent = kind === "error" ? "Not allowed" : "Copied";
        setTimeout(() => (button.textContent = "Copy"), MOMENT);
      }),
    );
  }
}

/** A command to type, with its button. */
export function command(words) {
  return h(
    "div",
    { class: "code command" },
    h("pre", {}, h("code", {}, words.split(/( )/).map((part) => (part === " " ? part : h("span", {}, part))))),
    h("button", { type: "button", class: "copy" }, "Copy"),
  );
}
