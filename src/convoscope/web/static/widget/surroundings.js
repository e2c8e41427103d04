// Whether the notebook around the widget is light or dark.

const SAID = ["data-jp-theme-light", "data-vscode-theme-kind", "class", "theme", "data-theme", "style"];

/** "light" or "dark": what the notebook says of itself, else what is behind the element, else the system's. */
export function themeAround(el) {
  const { body, documentElement: root } = el.ownerDocument;
  const { jpThemeLight, vscodeThemeKind } = body.dataset;
  if (jpThemeLight) return jpThemeLight === "false" ? "dark" : "light";
  if (vscodeThemeKind) return /dark|high-contrast$/.test(vscodeThemeKind) ? "dark" : "light";
  return behind(el) ?? (root.getAttribute("theme") === "dark" || window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** By the first ground behind the element that is not transparent. */
function behind(el) {
  for (let at = el; at; at = at.parentElement ?? at.getRootNode().host) {
    const [red, green, blue, alpha] = paint(getComputedStyle(at).backgroundColor);
    if (alpha > 128) return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
  }
  return null;
}

/** A colour, however it is written (rgb, oklch, color-mix ...), as red, green, blue and alpha, 0 to 255. */
function paint(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** `onchange(theme)` hears when it becomes another; returns how to stop that. */
export function watchTheme(el, onchange) {
  let before = themeAround(el);
  const look = () => {
    const now = themeAround(el);
    if (now !== before) onchange((before = now));
  };
  const observer = new MutationObserver(() => requestAnimationFrame(look));
  for (const each of [el.ownerDocument.documentElement, el.ownerDocument.body])
    observer.observe(each, { attributes: true, attributeFilter: SAID });
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", look);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", look);
  };
}
