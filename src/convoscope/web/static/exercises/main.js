// Exercises that check themselves: wires the list, the address and what is kept to the exercise on the page.

import "../shared/problems.js";
import "../shared/frame.js";
import { byId, h, renew } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { linkToGallery } from "../shared/gallery-link.js";
import { say } from "../shared/message.js";
import { addToHistory, inAddress, keepInAddress } from "../shared/session.js";
import { startTheme } from "../shared/theme.js";
import { readAddress, writeAddress } from "./address.js";
import { showExercise } from "./card.js";
import { whatIsGiven } from "./given.js";
import { anySeed, listOf } from "./list.js";
import { createProgress } from "./progress.js";
import { startSharing } from "./sharing.js";
import { repaint } from "./shows/painting.js";

document.documentElement.dataset.started = ""; // takes away what the page says without scripts
const given = await whatIsGiven();
const list = listOf(given);
const progress = createProgress();
let current = null; // {entry, seed}

/** Shows an exercise with the numbers of a seed; `focus`: whether a person has just chosen it. */
function open(entry, seed, focus = false) {
  current = { entry, seed: entry.drawn ? seed : null };
  const after = list.entries[list.entries.indexOf(entry) + 1];
  const card = showExercise({
    title: entry.title,
    made: entry.make(seed),
    pages: given.pages,
    onsolved() {
      progress.add(entry.name);
      drawList();
    },
    next: after ? { title: after.title, go: () => choose(after) } : null,
    again: entry.drawn ? () => choose(entry) : null,
  });
  drawList();
  document.title = `${entry.title} · Convoscope`;
  if (focus) card.focus();
}

/** A person's choice: with new numbers, and a step of the browser's history. */
function choose(entry, seed = anySeed()) {
  open(entry, seed, true);
  addToHistory(writeAddress({ name: entry.name, seed: current.seed }));
  if (narrow.matches) byId("list").open = false;
}

/** Takes the exercise from the address; what it leaves open is drawn. */
function follow() {
  const { name, seed } = readAddress(inAddress());
  const entry = (name && list.find(name)) ?? list.entries[0];
  if (name && !list.find(name)) say(`There is no exercise “${name}” here. This is the first one.`);
  open(entry, seed ?? anySeed());
  keepInAddress(writeAddress({ name: entry.name, seed: current.seed }));
}

/** Shows what somebody has typed; returns whether there is such an exercise. */
function openTyped({ name, seed }) {
  const entry = list.find(name);
  if (entry) choose(entry, seed ?? undefined);
  return Boolean(entry);
}

function drawList() {
  const done = list.entries.filter((entry) => progress.count(entry.name)).length;
  byId("progress").textContent = `${done} of ${plural(list.entries.length, "exercise")} solved`;
  byId("done").style.width = `${(100 * done) / list.entries.length}%`;
  byId("reset").hidden = done === 0;
  renew(byId("topics"), ...list.topics.map(({ title, entries }) => h("section", {}, h("h2", {}, title), h("ol", {}, entries.map(line)))));
}

function line(entry) {
  const count = progress.count(entry.name);
  const button = h("button", { type: "button", class: "quiet entry", onclick: () => choose(entry) }, h("span", { class: "tick", "aria-hidden": "true" }, count ? "✓" : ""), h("span", {}, entry.title), h("span", { class: "visually-hidden" }, count ? "solved" : "")); // prettier-ignore
  if (entry === current?.entry) button.setAttribute("aria-current", "true");
  return h("li", {}, button);
}

byId("reset").addEventListener("click", () => byId("resetting").showModal());
byId("keep").addEventListener("click", () => byId("resetting").close());
byId("forget").addEventListener("click", () => {
  progress.reset();
  byId("resetting").close();
  drawList();
});
const narrow = window.matchMedia("(max-width: 760px)");
const fold = () => (byId("list").open = !narrow.matches);
narrow.addEventListener("change", fold);
fold();
startTheme(byId("theme"), repaint);
linkToGallery(given.gallery);
startSharing(byId("share"), () => writeAddress({ name: current.entry.name, seed: current.seed }), openTyped);
window.addEventListener("hashchange", () => inAddress().includes("=") && follow());
follow();
document.documentElement.dataset.ready = "true";
