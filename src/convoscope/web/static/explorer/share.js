// Sharing what the explorer shows: a link with its state, and the page as one file with the model in it.

import { offlinePage, rememberPage } from "../shared/offline-page.js";
import { linkTo } from "../shared/session.js";
import { createShareDialog } from "../shared/share-dialog.js";
import { OWN } from "./address.js";

const own = document.getElementById("embedded") ? rememberPage() : null; // a file that saves itself again

/** Wires #share. `address`: the state as the page's address has it. */
export function createShare({ state, address, title, say }) {
  createShareDialog({
    words:
      "The part of the link after # holds the view, the image, your drawing and your changes. It works with the address of " +
      "any explorer page of this model. The HTML file includes the model, and needs neither Python nor an internet connection.",
    link: () => linkTo(address()),
    warning: () => (OWN.includes(state.get().source) ? "Your own image stays in this tab: neither the link nor the file includes it." : ""),
    html: () => (own ? savedAgain(address()) : served(address())),
    name: `${title.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.html`,
    say,
  });
}

/** The page as its server writes it into one file, which opens as the page is now. */
async function served(state) {
  const response = await fetch("page.html");
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  // As text: parsed, its styles would be against this page's policy. What is embedded comes before all that has such words.
  return text.replace('id="embedded">{', (begin) => `${begin}"state":${JSON.stringify(state).replaceAll("<", "\\u003c")},`);
}

/** The file that this page is, which opens as the page is now. */
function savedAgain(state) {
  return offlinePage(own, { ...JSON.parse(own().getElementById("embedded").textContent), state });
}
