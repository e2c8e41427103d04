// The page's address and what the browser keeps for it, wherever the page is shown: a frame without an address of its own
// (srcdoc), or without the rights of one (sandbox), refuses both, and the page then goes on without.

import { host } from "./hosted.js";

let lent = null; // {text, keep}: the address, where a notebook's widget keeps it for the page

/** From now on the address is `text`, and `keep(text)` hears of each new one. */
export function lendAddress(text, keep) {
  lent = { text, keep };
}

/** Puts the state behind the # of the address, so that it can be shared, and found again after a reload. */
export function keepInAddress(text) {
  if (lent) lend(text);
  else if (host) host.keep(text);
  else attempt(() => history.replaceState(null, "", `#${text}`));
}

/** Puts the state behind the # of the address as a step of its own: the browser's Back leads to the one before. */
export function addToHistory(text) {
  if (lent) lend(text);
  else if (host) host.add(text);
  else attempt(() => history.pushState(null, "", `#${text}`));
}

/** What is behind the # of the address; "" where there is no address. */
export function inAddress() {
  if (lent) return lent.text;
  return host ? host.address() : (attempt(() => location.hash) ?? "");
}

function lend(text) {
  lent.text = text;
  lent.keep(text);
}

/** The address that opens this page in a state, to hand on; in a class's file the end of it, which is the same everywhere. */
export function linkTo(text) {
  if (host) return host.link(text);
  const address = new URL(location.href);
  address.hash = text;
  return address.href;
}

/** Goes to another page; returns whether that is allowed. */
export function goTo(address) {
  if (host) return host.go(address);
  return attempt(() => location.assign(address) ?? true) ?? false;
}

/** Whether the page is one of several in a class's file, which then has its address. */
export const isHosted = () => host !== null;

/** The value that is kept under a name; null where none is, or nothing may be kept. `storage`: of the tab, or for good. */
export function kept(name, storage = "localStorage") {
  return attempt(() => globalThis[storage].getItem(name)) ?? null;
}

/** Keeps a value under a name, as long as the browser does. */
export function keep(name, text, storage = "localStorage") {
  attempt(() => globalThis[storage].setItem(name, text));
}

function attempt(act) {
  try {
    return act();
  } catch (problem) {
    // SecurityError: not here. QuotaExceededError, and too many changes of the address in a short time: not now.
    if (problem instanceof DOMException || problem instanceof TypeError) return undefined;
    throw problem;
  }
}
