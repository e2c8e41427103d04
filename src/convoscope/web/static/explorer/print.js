// The head of a printed sheet: which model, which image, and what the network says of it, above what the view shows.

import { byId, h } from "../shared/dom.js";

const CLASSES = 5;
const PAPER = 690; // CSS pixels between the margins of an A4 page

/**
 * Makes the sheet's head, which paper alone shows; it is filled when the page is printed. `card` is what the last layer's card
 * shows of classes, {list, render}, or null; `shown()` is the run that the page shows, `main` the position of its answer.
 */
export function createSheet({ card, main, shown }) {
  const sheet = h("section", { id: "sheet", class: "sheet", "aria-label": "Model, image and prediction" });
  byId("main").before(sheet);
  window.addEventListener("beforeprint", () => {
    fitOverview();
    const run = shown();
    if (!run) return;
    card?.render(run.outputs[main], run.label, null, Boolean(run.given[0].blank));
    sheet.replaceChildren(...head(), copied(document.querySelector(".result")), ...(card ? [fewest(card.list)] : []));
  });
}

/** Keeps the overview as it lies on the screen, and makes it as wide as the paper. */
function fitOverview() {
  const overview = byId("overview");
  const [stage, answer] = ["stage", "answer"].map((each) => overview.querySelector(`.overview-${each}`).getBoundingClientRect());
  const isWide = answer.left >= stage.left + stage.width / 2;
  overview.classList.toggle("on-paper", isWide);
  if (!isWide) return;
  const sizes = { stage: stage.width, answer: answer.width, tall: stage.height };
  for (const [name, size] of Object.entries(sizes)) overview.style.setProperty(`--paper-${name}`, `${Math.ceil(size)}px`);
  overview.style.setProperty("--paper-zoom", String(Math.min(1, PAPER / (stage.width + answer.width + 1))));
}

/** The model, its facts, and what of it is on the sheet. */
function head() {
  const view = document.querySelector("#views [aria-pressed=true]").textContent;
  const chosen = byId("inspector").querySelector("h2");
  const title = chosen.checkVisibility() && [...chosen.childNodes].map((each) => each.textContent).join(", ");
  const day = new Date().toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
  return [
    h("p", { class: "sheet-title" }, h("b", {}, byId("model-title").textContent), h("span", { class: "muted" }, [view, title, day].filter(Boolean).join(" · "))),
    h("p", { class: "sheet-facts" }, byId("facts").textContent),
  ];
}

/** The list of classes, of which only those with the longest bars are seen. */
function fewest(list) {
  const length = (item) => parseFloat(item.querySelector(".fill").style.width);
  const items = [...list.children].sort((a, b) => length(b) - length(a));
  items.forEach((item, i) => (item.hidden = i >= CLASSES));
  list.append(...items);
  return list;
}

/** A copy of an element and of what is painted in it. */
function copied(element) {
  const copy = element.cloneNode(true);
  for (const each of [copy, ...copy.querySelectorAll("[id]")]) each.removeAttribute("id");
  const canvases = element.querySelectorAll("canvas");
  copy.querySelectorAll("canvas").forEach((canvas, i) => canvas.width && canvas.getContext("2d").drawImage(canvases[i], 0, 0));
  return copy;
}
