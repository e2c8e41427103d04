// All keys of the page, in a dialog, and the switch for those that are a single letter.

import { h } from "../shared/dom.js";
import { setSingleKeys, singleKeys } from "../shared/single-keys.js";

const KEYS = [
  [["P"], "Start or leave presentation mode"],
  [["Esc"], "Leave presentation mode, stop the animation, or close what is open"],
  [["Tab", "Enter"], "Go to the next control; use it"],
  [["←", "→", "↑", "↓"], "In a layer: choose another map"],
  [["←", "→", "↑", "↓"], "In the chosen map: choose another pixel; with Shift, ten pixels further"],
  [["↑", "↓"], "In a kernel value: make it larger or smaller by 0.05"],
  [["Space"], "On Play: play or pause"],
  [["←", "→", "Home", "End"], "On Play: one step back or forward, to the first or the last step"],
  [["←", "→", "↑", "↓"], "On the drawing pad: move the pen; with Shift, draw a line"],
  [["Backspace"], "On the drawing pad: clear it"],
];

/** The dialog behind `button`. */
export function createKeys(button) {
  const single = h("input", { type: "checkbox", id: "single-keys", checked: singleKeys(), onchange: () => setSingleKeys(single.checked) });
  const rows = KEYS.map(([keys, words]) =>
    h("tr", {}, h("th", { scope: "row" }, keys.flatMap((key, i) => [...(i ? [" "] : []), h("kbd", {}, key)])), h("td", {}, words)),
  );
  const title = h("h2", { id: "keys-title", tabIndex: -1 }, "Keyboard shortcuts");
  const close = h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Close");
  const dialog = h(
    "dialog",
    { class: "wide keys", "aria-labelledby": "keys-title" },
    title,
    h("table", {}, h("tbody", {}, rows)),
    h("label", { class: "check" }, single, "Single-key shortcuts"),
    h("p", { class: "note" }, "Switch them off if you dictate, or if you press keys by accident: P then does nothing."),
    h("div", { class: "row end" }, close),
  );
  document.body.append(dialog);
  button.addEventListener("click", () => {
    dialog.showModal();
    title.focus(); // the first control is at the end, and on a phone the keys would be scrolled away
  });
}
