// Sharing (a link, and what it hides or locks) and exporting (PNG, one HTML file, Python).

import { copyButton, saveAs } from "../shared/copying.js";
import { byId, h } from "../shared/dom.js";
import { linkTo } from "../shared/session.js";
import { attempt, createShareDialog } from "../shared/share-dialog.js";
import { PARTS, writeAddress } from "./address.js";

const NAMES = {
  source: "Choosing images",
  chain: "The chain",
  kernel: "The kernel",
  settings: "Its settings",
  pixels: "The arithmetic",
  colour: "The colours",
  export: "Share and export",
};
const LOCKABLE = ["source", "chain", "kernel", "settings"];

/** The dialog behind #share. A link can hide parts of the page, or lock them: seen, but not changed. */
export function createLabShare(state, make, say) {
  const box = (kind, part) =>
    h("input", {
      type: "checkbox",
      dataset: { kind, part },
      "aria-label": `${kind === "hide" ? "Hide" : "Lock"}: ${NAMES[part]}`,
      onchange: () => dialog.update(),
    });
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ["In the link", "Hide", "Lock"].map((text) => h("th", { scope: "col" }, text)))),
    h(
      "tbody",
      {},
      PARTS.map((part) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, NAMES[part]),
          h("td", {}, box("hide", part)),
          h("td", {}, LOCKABLE.includes(part) ? box("lock", part) : ""),
        ),
      ),
    ),
  );
  const checked = (kind) => [...table.querySelectorAll(`[data-kind=${kind}]:checked`)].map(({ dataset }) => dataset.part);
  const chosen = () => ({ hide: checked("hide"), lock: checked("lock") });
  const dialog = createShareDialog({
    words:
      "The part of the link after # holds everything on this page: image, chain, numbers, position. It works with the " +
      "address of any filter lab. The HTML file includes all of it, and needs no lab.",
    link: () => linkTo(writeAddress({ ...state.get(), ...chosen(), from: null })),
    warning() {
      const { image } = state.get();
      return image.startsWith("own:") || image === "image"
        ? "Your own image stays on this computer and is not part of the link. The HTML file includes it."
        : "";
    },
    html: () => make.html(chosen()),
    name: "filter-lab.html",
    more: [table],
    say,
  });
}

/** The dialog behind #export. `make` has png() and html(), which resolve to a file's content, and python(). */
export function createExportDialog(make, say) {
  const code = h("textarea", {
    id: "python-code",
    readOnly: true,
    rows: 12,
    spellcheck: false,
    "aria-label": "Python code",
  });
  const dialog = h(
    "dialog",
    { class: "wide", "aria-labelledby": "export-title" },
    h("h2", { id: "export-title" }, "Export"),
    h(
      "div",
      { class: "choices" },
      h(
        "button",
        {
          type: "button",
          id: "export-png",
          onclick: attempt(async () => saveAs(await make.png(), "filtered.png"), say),
        },
        h("b", {}, "PNG"),
        h("small", {}, "the output, without marks"),
      ),
      h(
        "button",
        {
          type: "button",
          id: "export-html",
          onclick: attempt(async () => saveAs(await make.html(), "filter-lab.html", "text/html"), say),
        },
        h("b", {}, "One HTML file"),
        h("small", {}, "this page with the image, works offline"),
      ),
    ),
    h("h3", {}, "Python"),
    code,
    h(
      "div",
      { class: "row end" },
      h("button", { type: "button", onclick: () => dialog.close() }, "Close"),
      copyButton(() => code.value, say),
    ),
  );
  document.body.append(dialog);
  byId("export").addEventListener("click", () => {
    code.value = make.python();
    dialog.showModal();
  });
}
