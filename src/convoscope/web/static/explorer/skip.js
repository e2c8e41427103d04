// The skip link: it takes the keyboard past the header, and leaves the address, which holds the page's state, as it is.

import { byId } from "../shared/dom.js";

/** Makes the link lead to the page's main part, whichever view that shows. */
export function startSkipLink() {
  document.querySelector("a.skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
}
