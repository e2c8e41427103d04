// Shortcuts of a single key can be switched off: whoever speaks to the computer, or often hits a wrong key, sets them off
// unwillingly (WCAG 2.1.4). The choice is kept where the browser allows it.

import { keep, kept } from "./session.js";

const NAME = "convoscope-single-keys";
const listeners = [];
let on = kept(NAME) !== "off";

/** Whether a single letter is a shortcut. */
export const singleKeys = () => on;

/** Switches them on or off, for good. */
export function setSingleKeys(now) {
  on = now;
  keep(NAME, on ? "on" : "off");
  for (const each of listeners) each();
}

/** Calls `listener` whenever they are switched. */
export const onSingleKeys = (listener) => void listeners.push(listener);
