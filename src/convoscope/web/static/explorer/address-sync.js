// The address follows the state, the state follows the address, and a change of view is a step of the browser's history.

import { delayed } from "../shared/dom.js";
import { addToHistory, inAddress, keepInAddress } from "../shared/session.js";

const CALM = 300; // milliseconds after which the address is that of the state

/**
 * Keeps the address in step with `state`: `write(state)` gives the address of a state, `read(text)` changes the state to
 * what an address says. Changes of view are no steps of the history before `begin()`.
 */
export function createAddressSync({ state, write, read }) {
  let known = inAddress(); // what the page itself put into the address, or has read there
  let begun = false;
  let reading = false; // the state is being taken from the address: Back is not to add another entry
  const keep = delayed(CALM, () => {
    if (inAddress() === known) put(write(state.get())); // else the browser has gone Back meanwhile, and says so in a moment
  });

  state.listen((now, before) => {
    if (now.view !== before.view && begun && !reading) {
      keepInAddress(write(before)); // where Back leads: what a moment later would have been kept
      addToHistory(write(now));
      known = inAddress();
    }
    keep();
  });
  window.addEventListener("hashchange", () => inAddress().includes("=") && follow()); // else a place on the page

  function put(text) {
    keepInAddress(text);
    known = inAddress();
  }

  /** Takes the state from the address. */
  function follow() {
    known = inAddress();
    reading = true;
    read(known);
    reading = false;
  }

  return {
    follow,
    put,
    /** From now on the browser's Back leads to the view before. */
    begin() {
      begun = true;
    },
  };
}
