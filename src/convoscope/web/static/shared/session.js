// The page's address and what the browser keeps for it, wherever the page is shown: a frame without an address of its own
// (srcdoc), or without the rights of one (sandbox), refuses both, and the page then goes on without.

/** Puts the state behind the # of the address, so that it can be shared, and found again after a reload. */
export function keepInAddress(text) {
  attempt(() => history.replaceState(null, "", `#${text}`));
}

/** Puts the state behind the # of the address as a step of its own: the browser's Back leads to the one before. */
export function addToHistory(text) {
  attempt(() => history.pushState(null, "", `#${text}`));
}

/** What is behind the # of the address; "" where there is no address. */
export function inAddress() {
  return attempt(() => location.hash) ?? "";
}

/** Goes to another page; returns whether that is allowed. */
export function goTo(address) {
  return attempt(() => location.assign(address) ?? true) ?? false;
}

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
