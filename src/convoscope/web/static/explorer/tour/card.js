// The tour's card: what a step says, how far one has come, and the buttons. A dialog that blocks nothing.

import { h, setText } from "../../shared/dom.js";
import { besidesOf, elementOf, isInspected, placeOf } from "./points.js";
import { placed } from "./placing.js";
import { still } from "./sliding.js";

const GAP = 70; // CSS pixels above what is scrolled to
const ANSWERED = ["source", "draw"]; // points where a person acts, and the network answers
const SHEET = "(max-width: 820px)"; // there the card is a sheet at the lower edge
const [PATIENCE, AGAIN] = [2000, 250]; // milliseconds in which what a step points at may still grow, and how often it is looked at
const HANDS = ["wheel", "touchmove", "pointerdown", "keydown"]; // whoever scrolls is not scrolled

/** The card; actions: {back(), next(), play(), end()}. It is in the page from `open()` to `close()`. */
export function createCard(actions) {
  const button = (text, onclick, more = {}) => h("button", { type: "button", onclick, ...more }, text);
  const title = h("h2", { id: "tour-title" });
  const text = h("p", { id: "tour-text" });
  const more = h("p", { id: "tour-more", hidden: true });
  const told = h("div", { class: "told", "aria-live": "polite" }, title, text, more);
  const progress = h("span", { class: "muted small" });
  const done = h("i");
  const back = button("Back", actions.back);
  const next = button("Next", actions.next, { class: "primary" });
  const play = button("Play", actions.play, { class: "quiet", "aria-pressed": "false" });
  const close = button("×", actions.end, { class: "quiet icon", "aria-label": "End the tour", title: "End the tour (Esc)" });
  const head = h("div", { class: "head" }, progress, play, close);
  const bar = h("div", { class: "progress", "aria-hidden": "true" }, done);
  const card = h("div", { class: "tour", role: "dialog", tabIndex: -1, "aria-labelledby": "tour-title", "aria-describedby": "tour-text", onkeydown: arrows },
    bar, head, told, h("div", { class: "row end" }, back, next)); // prettier-ignore
  const light = h("div", { class: "tour-light", "aria-hidden": "true" });
  const sheet = window.matchMedia(SHEET);
  let now = null; // {point, about}
  let frame = null;
  let settling = { until: 0, next: 0 }; // as long as the point is kept in view

  function arrows(event) {
    const act = { ArrowLeft: actions.back, ArrowRight: actions.next }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  /** Keeps the card beside what it points at, also while the page scrolls or changes. */
  function follow() {
    frame = requestAnimationFrame(follow);
    const element = now && elementOf(now.point, now.about);
    const target = element && placeOf(now.point, element, now.about);
    if (target && sheet.matches) target.bottom = Math.min(target.bottom, document.documentElement.clientHeight - card.offsetHeight);
    const isSeen = target && target.right > target.left && target.bottom > target.top;
    light.hidden = !isSeen;
    if (isSeen) move(light, { left: target.left, top: target.top, width: target.right - target.left, height: target.bottom - target.top });
    if (element) keepSeen(element, target);
    document.documentElement.style.setProperty("--tour", `${card.offsetHeight}px`);
    if (sheet.matches) return card.removeAttribute("style");
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    move(card, placed({ width: card.offsetWidth, height: card.offsetHeight }, isSeen ? target : null, { width, height }, besidesOf(now?.about ?? {})));
  }

  /** Scrolls once more where something that came later has pushed the point out of view. */
  function keepSeen(element, { top, bottom }) {
    const time = performance.now();
    if (time > settling.until || time < settling.next) return;
    settling.next = time + AGAIN;
    const whole = placeOf(now.point, element, now.about, false);
    const low = document.documentElement.clientHeight - (sheet.matches ? card.offsetHeight : 0);
    if (whole.top < top - 1 || whole.bottom > Math.min(low, bottom) + 1) uncover();
  }
  const leave = () => (settling.until = 0);

  /** Brings what a step is about into view: its layer where the rest stays beside it, then what it points at. */
  function uncover() {
    const behavior = still() ? "auto" : "smooth";
    const { at } = now.about;
    if (at?.unit === null) window.scrollTo({ top: 0, behavior }); // where the prediction is
    const own = at && at.unit !== null && document.querySelector(`.layer[data-position="${at.position}"]`);
    const stays = getComputedStyle(document.getElementById("inspector")).position !== "static";
    if (own && stays) own.scrollIntoView({ block: "center", behavior });
    const element = elementOf(now.point, now.about);
    if (element?.id === "overview") return reach(placeOf(now.point, element, now.about, false), behavior);
    const isSource = element?.id === "source"; // the answer is to be seen below it
    const atTop = now.point === "maps" && sheet.matches ? false : tall(element) || (sheet.matches && isSource);
    if (element && element !== own) element.scrollIntoView({ block: atTop ? "start" : "nearest", behavior });
    else if (element && !stays) element.scrollIntoView({ block: "start", behavior });
  }

  return {
    /** Whether an element is in the card. */
    has: (element) => card.contains(element),
    open() {
      document.body.append(light, card);
      document.documentElement.dataset.touring = "begins";
      for (const hand of HANDS) window.addEventListener(hand, leave, { passive: true, capture: true });
      frame ??= requestAnimationFrame(follow);
      next.focus({ preventScroll: true });
    },
    close() {
      cancelAnimationFrame(frame);
      frame = now = null;
      light.remove();
      card.remove();
      delete document.documentElement.dataset.touring;
      document.documentElement.style.removeProperty("--tour");
      for (const hand of HANDS) window.removeEventListener(hand, leave, { capture: true });
    },
    /** Says that the step's values are on their way. */
    wait: (busy) => card.setAttribute("aria-busy", String(busy)),
    /**
     * Shows a step: {title, text, point}, the `number`th of `count`, about {at, main, shape}; `moved`: it is another one,
     * `further` are parts of a line below its text.
     */
    show(step, { number, count, about, moved, further = [] }) {
      card.dataset.step = step.name;
      setText(title, step.title);
      setText(text, step.text);
      if (moved) more.replaceChildren(...further);
      more.hidden = further.length === 0;
      setText(progress, `Step ${number} of ${count}`);
      done.style.width = `${(100 * number) / count}%`;
      back.disabled = number === 1;
      setText(next, number === count ? "Finish" : "Next");
      now = { point: step.point, about };
      light.classList.toggle("soft", ANSWERED.includes(step.point)); // the rest is to be seen while one draws
      document.documentElement.dataset.touring = sceneOf(step.point);
      if (!moved) return;
      settling = { until: performance.now() + PATIENCE, next: performance.now() + AGAIN };
      requestAnimationFrame(() => requestAnimationFrame(() => now && uncover())); // once the page shows it
    },
    /** Shows whether the tour goes on by itself. */
    plays(on) {
      play.setAttribute("aria-pressed", String(on));
      setText(play, on ? "Pause" : "Play");
    },
  };
}

function move(element, place) {
  for (const [name, value] of Object.entries(place)) {
    const text = `${Math.round(value)}px`;
    if (element.style[name] !== text) element.style[name] = text;
  }
}

/** What a narrow screen has to leave room for. */
function sceneOf(point) {
  if (isInspected(point)) return "inspector";
  return ANSWERED.includes(point) ? "drawing" : point === "answer" ? "answer" : "page";
}

/** Scrolls the page until a place on it is seen. */
function reach({ top, bottom }, behavior) {
  if (top < 0 || bottom > 0.6 * document.documentElement.clientHeight) window.scrollBy({ top: top - GAP, behavior });
}

/** Whether an element has no room in what it is scrolled in. */
function tall(element) {
  const room = element?.closest(".inspector")?.clientHeight ?? 0.8 * document.documentElement.clientHeight;
  return Boolean(element) && element.getBoundingClientRect().height > room;
}
