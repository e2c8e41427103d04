// The gallery: cards at once, their pictures as they are computed, and what is on this machine as it is found.

import "../shared/problems.js";
import "../shared/frame.js";
import { byId, h, oncePerFrame } from "../shared/dom.js";
import { say } from "../shared/message.js";
import { startTheme } from "../shared/theme.js";
import { lessonCard } from "../shared/lesson-card.js";
import { commandCard, roomCard } from "./cards.js";
import { startCopying } from "./copied.js";
import { whatIsGiven } from "./given.js";
import { materials, paintInto, PICTURES } from "./pictures.js";
import { showRuns } from "./runs.js";

document.documentElement.dataset.started = ""; // takes away what the page says without scripts
const given = await whatIsGiven();
const { rooms, lessons, commands, place } = given.gallery;
const found = materials(given);
const ready = new Map(); // a room's id -> how it is painted again
let paintRuns = () => {};

const cards = rooms.map((room, i) => ({ room, ...roomCard(room, i + 1) }));
byId("rooms").append(...cards.map(({ element }) => element));
byId("lessons").hidden = !lessons.length;
byId("lesson-list").append(...lessons.map(lessonCard));
byId("commands").append(...commands.map(commandCard));
byId("runs-place").replaceChildren("In the folder ", h("code", {}, place), ": networks that you trained, and what became of them.");

const repaint = oncePerFrame(() => {
  for (const draw of ready.values()) draw();
  paintRuns();
});
startTheme(byId("theme"), repaint);
new ResizeObserver(repaint).observe(byId("rooms"));

await Promise.all([...cards.map(hang), findRuns()]);
startCopying(document);
document.documentElement.dataset.ready = "true";

async function findRuns() {
  const holder = byId("run-list");
  try {
    paintRuns = showRuns(holder, await given.runs());
  } catch (problem) {
    holder.replaceChildren(h("p", { class: "error" }, problem.message));
    holder.setAttribute("aria-busy", "false");
  }
}

/** Hangs a room's picture once its material is there. */
async function hang({ room, figure, canvas, caption }) {
  const picture = PICTURES[room.id];
  if (!picture) return;
  figure.setAttribute("aria-busy", "true");
  if (room.trained) caption.textContent = "Training…";
  try {
    const material = await found[picture.of]();
    ready.set(room.id, () => (caption.textContent = paintInto(canvas, picture, material)));
    ready.get(room.id)();
  } catch (problem) {
    caption.textContent = problem.message;
    if (!room.trained) say(problem.message, "error");
  }
  figure.setAttribute("aria-busy", "false");
}
