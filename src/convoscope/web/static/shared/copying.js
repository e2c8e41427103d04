// Copying text, and saving files.

import { h } from "./dom.js";

/** Saves text or a blob as a file. */
export function saveAs(content, name, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Copies what `read` gives; `say` is told what came of it. */
export async function copy(read, say) {
  try {
    await navigator.clipboard.writeText(read());
    say("Copied.");
  } catch {
    say("The browser does not let this page copy. Select the text and copy it yourself.", "error");
  }
}

/** A button that copies what `read` gives. */
export function copyButton(read, say, properties = {}) {
  return h("button", { type: "button", class: "primary", onclick: () => copy(read, say), ...properties }, "Copy");
}
