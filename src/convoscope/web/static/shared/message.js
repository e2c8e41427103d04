// What the page tells a person: a note, or what was wrong and what to do.

import { byId, h } from "./dom.js";

function dismiss() {
  say("");
  const main = document.querySelector("main");
  main.tabIndex = -1;
  main.focus({ preventScroll: true }); // the button that had the focus is gone
}

/** Says something at the top of the page until it is dismissed; an empty text takes it away. */
export function say(text, kind = "note") {
  const message = byId("message");
  message.className = `message ${kind}`;
  message.setAttribute("role", kind === "error" ? "alert" : "status");
  message.replaceChildren(
    ...(text
      ? [
          h("span", {}, text),
          h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: dismiss }, "×"),
        ]
      : []),
  );
  message.hidden = !text;
}
