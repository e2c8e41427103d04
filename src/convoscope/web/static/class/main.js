// A class's file: several pages in one, of which one is open. Each is kept as text and stands in a frame; its state is
// behind the # of this file's address, so that the same link opens the same state on all screens.

import "../shared/problems.js";
import { byId, h } from "../shared/dom.js";
import { say } from "../shared/message.js";
import { addToHistory, inAddress, keepInAddress } from "../shared/session.js";
import { startTheme, theme } from "../shared/theme.js";
import { lessonCard } from "../shared/lesson-card.js";
import { readAddress, readLink, readTyped, writeAddress } from "./address.js";
import { pageText } from "./assembling.js";

document.documentElement.dataset.started = ""; // takes away what the page says without scripts
const given = JSON.parse(byId("embedded").textContent);
const names = given.pages.map(({ name }) => name);
const models = given.pages.filter(({ kind }) => kind === "explorer").map(({ name }) => name);
const states = new Map(names.map((name) => [name, ""])); // where each page was left
let open = { page: null, text: "" };
let back = models[0] ?? null; // the model whose kernels the lab has
let frame = null;
const lessons = given.pages.filter(({ kind }) => kind === "lesson");
let lesson = lessons[0] ?? null; // the one that was read last
const rooms = given.pages.filter(({ kind }) => kind !== "lesson");

/** Shows a page in a state; the frame is made anew, or hears of another state. */
function show({ page, text }) {
  const same = page !== null && page === open.page;
  open = { page, text };
  if (models.includes(page)) back = page;
  lesson = lessons.find(({ name }) => name === page) ?? lesson;
  if (page !== null) states.set(page, text);
  if (same) tell("state", text);
  else renew();
  drawBar();
}

const tell = (act, text) => frame.contentWindow.postMessage({ convoscope: act, text }, "*"); // a file has no origin to name

function renew() {
  const { page, text } = open;
  frame = null;
  byId("start").hidden = page !== null;
  byId("stage").hidden = page === null;
  if (page === null) byId("stage").replaceChildren();
  else {
    const about = given.pages.find(({ name }) => name === page);
    frame = h("iframe", { title: about.title, srcdoc: pageText(given, about, text, theme()), allow: "camera; clipboard-write" });
    byId("stage").replaceChildren(frame);
  }
  const { title = "" } = given.pages.find(({ name }) => name === page) ?? {};
  byId("opened").hidden = page === null;
  byId("opened").textContent = title;
  document.title = page === null ? given.title : `${title} · ${given.title}`;
}

/** A person goes to a page: a step of the browser's history. */
function go(place) {
  addToHistory(writeAddress(place));
  show(place);
}

function drawBar() {
  const bar = lesson ? [...rooms, { name: lesson.name, title: "Lessons" }] : rooms;
  const links = bar.map(({ name, title }) => {
    const link = h("a", { href: `#${writeAddress({ page: name, text: states.get(name) })}`, onclick: (event) => event.preventDefault() ?? (name === open.page || go({ page: name, text: states.get(name) })) }, title); // prettier-ignore
    if (name === open.page) link.setAttribute("aria-current", "page");
    return link;
  });
  const focused = [...byId("pages").children].indexOf(document.activeElement);
  byId("pages").replaceChildren(...links);
  links[focused]?.focus();
  links.find((link) => link.ariaCurrent)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function drawRooms() {
  const room = ({ name, title, text, picture, alt, enter }) =>
    h(
      "li",
      { class: "room" },
      h("figure", {}, h("img", { src: picture, alt })),
      h("h2", {}, title),
      h("p", { class: "text" }, text),
      h(
        "ul",
        { class: "ways" },
        h("li", {}, h("a", { class: "enter", href: `#page=${name}` }, enter)),
        name === "lab" ? given.lab.map(({ title: words, address }) => h("li", {}, h("a", { href: inFile(address) }, words))) : null,
      ),
    );
  byId("rooms").replaceChildren(...rooms.map(room));
  byId("lessons").hidden = !lessons.length;
  byId("lesson-list").replaceChildren(...lessons.map((each) => lessonCard({ ...each, address: `#page=${each.name}` })));
}

/** A page's address, as a link of this file has it. */
const inFile = (address) => `#${writeAddress(readLink(address, { names, back }))}`;

window.addEventListener("message", ({ source, data }) => {
  if (!frame || source !== frame.contentWindow || typeof data?.text !== "string") return;
  const { convoscope: act, text } = data;
  if (act === "go") {
    const place = readLink(text, { names, back });
    if (place) go(place);
    else say("This file has no such page.");
    return;
  }
  if (act !== "keep" && act !== "add") return;
  open = { page: open.page, text };
  states.set(open.page, text);
  (act === "add" ? addToHistory : keepInAddress)(writeAddress(open));
});

/** Takes the page and its state from the address. */
function follow() {
  if (inAddress() === "#content") return;
  const found = readAddress(inAddress(), names);
  if (inAddress().includes("page=") && found.page === null) say("This file has no such page. Choose one of these.");
  const first = given.pages.length && given.begins && !inAddress() ? { page: given.begins, text: "" } : found;
  if (first.page !== null && first.page === open.page && first.text === open.text) return;
  show(first);
}

byId("go").addEventListener("submit", (event) => {
  event.preventDefault();
  const place = readTyped(byId("typed").value, { models, names });
  byId("typed-problem").textContent = place ? "" : "This is not a link or code for this file. A code looks like this: pixel 7";
  if (place) go(place);
});
byId("home").addEventListener("click", (event) => {
  event.preventDefault();
  if (open.page !== null) go({ page: null, text: "" });
});
byId("home").textContent = given.title;
byId("title").textContent = given.title;
byId("words").textContent = given.words;
drawRooms();
startTheme(byId("theme"), () => frame && tell("theme", theme()));
window.addEventListener("hashchange", follow);
follow();
document.documentElement.dataset.ready = "true";
