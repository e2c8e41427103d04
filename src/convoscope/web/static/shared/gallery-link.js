// The way back to the gallery, on pages that were opened from it.

import { h } from "./dom.js";

/** Puts a link into the page's header; nothing without an address. */
export function linkToGallery(address) {
  if (address) document.querySelector("header .actions").prepend(h("a", { class: "button", id: "to-gallery", href: address }, "Gallery"));
}
