// What nobody expected is said on the page, not only in the browser's console. To be imported before anything else.

import { say } from "./message.js";

window.addEventListener("error", ({ message }) => tell(message));
window.addEventListener("unhandledrejection", ({ reason }) => tell(reason?.message ?? String(reason)));

function tell(what) {
  if (!what || what.startsWith("ResizeObserver")) return; // a script of another origin; and a layout that took two frames
  const ready = document.documentElement.dataset.ready === "true";
  const beginning = ready ? "Something went wrong on this page" : "The page could not start";
  say(`${beginning}: ${what}. Reload the page. If that does not help, the program that serves it may have stopped: start it again.`, "error");
}
