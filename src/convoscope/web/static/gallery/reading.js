// Pages to read: their colours, the buttons that copy a program, and in a class's file the way to its other pages.

import "../shared/problems.js";
import "../shared/frame.js";
import { startCopying } from "./copied.js";
import { byId } from "../shared/dom.js";
import { goTo, isHosted } from "../shared/session.js";
import { startTheme } from "../shared/theme.js";

document.documentElement.dataset.started = "";
startTheme(byId("theme"), () => {});
startCopying(document);
if (isHosted()) {
  document.querySelector(".top-bar").hidden = true; // the file has its own
  document.addEventListener("click", follow);
}
document.documentElement.dataset.ready = "true";

/** Follows a link: in a frame without an address it would lead to the file around the page. */
function follow(event) {
  const address = event.target.closest("a[href]")?.getAttribute("href");
  if (address === undefined) return;
  event.preventDefault();
  if (address.startsWith("#")) byId(address.slice(1)).focus();
  else goTo(address);
}
