// Light or dark: as the system has it, until a person chooses; the choice is kept where the browser allows it.

const KEY = "convoscope-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

let chosen = stored();

function stored() {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null; // a page from disk, or storage switched off
  }
}

/** "light" or "dark". */
export function theme() {
  return chosen ?? (system.matches ? "dark" : "light");
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
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // the choice then lasts as long as the page
    }
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
