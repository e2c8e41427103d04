// Light or dark: as the system has it, or the notebook around the page, until a person chooses; the choice is kept where
// the browser allows it. A page of a class's file has the colours of the file, which has the button.

import { host } from "./hosted.js";
import { listen, surroundings } from "./notebook.js";
import { keep, kept } from "./session.js";

const KEY = "convoscope-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

let chosen = stored();

function stored() {
  const value = kept(KEY);
  return value === "light" || value === "dark" ? value : null;
}

/** "light" or "dark". */
export function theme() {
  return host?.theme() ?? chosen ?? surroundings() ?? (system.matches ? "dark" : "light");
}

/** Applies the theme, wires the toggle, and tells `onchange` when it changes. */
export function startTheme(button, onchange) {
  const apply = () => {
    document.documentElement.dataset.theme = theme();
    const other = theme() === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `Use ${other} colours`);
    button.textContent = theme() === "dark" ? "☀" : "☾";
    onchange();
  };
  button.addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    keep(KEY, chosen);
    apply();
  });
  system.addEventListener("change", apply);
  host?.ontheme(apply);
  button.hidden = host !== null;
  listen("theme", apply);
  apply();
}
