// Sharing (a link, and what it hides or locks) and exporting (PNG, one HTML file, Python).

import { byId, h } from "../shared/dom.js";
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

/** Saves text or a blob as a file. */
export function saveAs(content, name, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function copyButton(read, say) {
  return h(
    "button",
    {
      type: "button",
      class: "primary",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(read());
          say("Copied.");
        } catch {
          say("The browser does not let this page copy. Select the text and copy it yourself.", "error");
        }
      },
    },
    "Copy",
  );
}

function attempt(save, say) {
  return async () => {
    try {
      await save();
    } catch (problem) {
      say(problem.message, "error");
    }
  };
}

/** The dialog behind #share. A link can hide parts of the page, or lock them: seen, but not changed. */
export function createShareDialog(state, make, say) {
  const link = h("input", {
    type: "text",
    id: "share-link",
    readOnly: true,
    "aria-label": "Link",
    onfocus: () => link.select(),
  });
  const warning = h("p", { class: "note" });
  const box = (kind, part) =>
    h("input", {
      type: "checkbox",
      dataset: { kind, part },
      "aria-label": `${kind === "hide" ? "Hide" : "Lock"}: ${NAMES[part]}`,
      onchange: update,
    });
  const table = h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "In the link"),
        h("th", { scope: "col" }, "Hide"),
        h("th", { scope: "col" }, "Lock"),
      ),
    ),
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
  const dialog = h(
    "dialog",
    { "aria-labelledby": "share-title" },
    h("h2", { id: "share-title" }, "Share"),
    h(
      "p",
      {},
      "The part of the link after # holds everything on this page: image, chain, numbers, position. It works behind the " +
        "address of any filter lab. The HTML file has it inside, and needs no lab.",
    ),
    link,
    warning,
    table,
    h(
      "div",
      { class: "row end" },
      h("button", { type: "button", onclick: () => dialog.close() }, "Close"),
      h(
        "button",
        {
          type: "button",
          id: "share-html",
          onclick: attempt(async () => saveAs(await make.html(chosen()), "filter-lab.html", "text/html"), say),
        },
        "HTML file",
      ),
      copyButton(() => link.value, say),
    ),
  );
  document.body.append(dialog);

  function chosen() {
    const parts = (kind) =>
      [...table.querySelectorAll(`[data-kind=${kind}]:checked`)].map(({ dataset }) => dataset.part);
    return { hide: parts("hide"), lock: parts("lock") };
  }

  function update() {
    const address = new URL(location.href);
    address.hash = writeAddress({ ...state.get(), ...chosen(), from: null });
    link.value = address.href;
  }
  byId("share").addEventListener("click", () => {
    const { image } = state.get();
    warning.textContent =
      image.startsWith("own:") || image === "image"
        ? "Your own image stays on this computer and is not part of the link. The HTML file has it inside."
        : "";
    update();
    dialog.showModal();
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
