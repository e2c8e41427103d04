// Presentation mode: larger text, the whole width, and nothing on the page but what a class looks at. The key P enters and
// leaves it, Esc leaves it.

import { byId } from "../shared/dom.js";
import { onSingleKeys, singleKeys } from "../shared/single-keys.js";

const TYPED_INTO = "textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio], [type=button])";

/** What a key asks for: true enters the mode, false leaves it, null is nothing to it. `now`: whether it is on; `letters`: whether P counts. */
export function asked({ key, ctrlKey, metaKey, altKey, repeat, defaultPrevented, target }, now, letters = true) {
  if (ctrlKey || metaKey || altKey || repeat || defaultPrevented || target?.matches?.(TYPED_INTO)) return null;
  if (key === "p" || key === "P") return letters ? !now : null;
  return key === "Escape" && now ? false : null;
}

/** The mode's button and keys; `state` has `presenting`. */
export function createPresentation(button, state) {
  let shown = null;
  const turn = (presenting) => state.change({ presenting });
  button.addEventListener("click", () => turn(!state.get().presenting));
  document.addEventListener("keydown", (event) => {
    const wanted = asked(event, state.get().presenting, singleKeys());
    if (wanted === null) return;
    event.preventDefault();
    turn(wanted);
  });
  onSingleKeys(nameKeys);

  function nameKeys() {
    const keys = singleKeys() ? ["P", "Esc"] : ["Esc"];
    if (shown) button.title = `Leave presentation mode (${keys.join(" or ")})`;
    else button.title = singleKeys() ? "Presentation mode (P)" : "Presentation mode";
  }

  return {
    /** Shows the page as the state has it. */
    render() {
      const now = state.get().presenting;
      if (now === shown) return;
      document.documentElement.toggleAttribute("data-presenting", now);
      button.textContent = now ? "Leave" : "Present";
      button.setAttribute("aria-label", now ? "Leave presentation mode" : "Present: larger text, fewer controls");
      if (now) byId("announce-mode").textContent = `Presentation mode is on. Press ${singleKeys() ? "P or " : ""}Escape to leave it.`;
      else if (shown) byId("announce-mode").textContent = "Presentation mode is off.";
      if (document.activeElement !== document.body && !document.activeElement.checkVisibility()) button.focus(); // it is hidden now
      shown = now;
      nameKeys();
    },
  };
}
