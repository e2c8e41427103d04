// Play, pause, one step, any position, and how fast: the controls of everything that runs through positions one by one.

import { h, select, setText } from "./dom.js";

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

/**
 * The controls in `holder`, a group called `name`. Positions are 0 to `count()` − 1; `index()` is the one that is shown, −1
 * for none; `go(index)` shows another and `words()` names it. `speeds` are [value, text, next], where next(index, steps)
 * says after that many steps of this run where the next leads and when: {to, wait}, in milliseconds; the speed
 * `usual` is chosen at first. `ids` name the parts {back, play, forward, slider, where, speed}; `onplay(playing)` hears of
 * starts and ends. Where the system asks for less motion there are steps alone.
 */
export function createPlayer(holder, { name, speeds, usual, count, index, go, words, ids = {}, onplay = () => {} }) {
  const button = (part, label, text, onclick) =>
    h("button", { type: "button", ...named(part), ...(label ? { "aria-label": label } : {}), onclick }, text);
  const named = (part) => (ids[part] ? { id: ids[part] } : {});
  const back = button("back", "One step back", "◀", () => step(-1));
  const toggle = button("play", null, "Play", () => (timer ? pause() : play()));
  toggle.className = "primary";
  const forward = button("forward", "One step forward", "▶", () => step(1));
  const slider = h("input", {
    type: "range",
    ...named("slider"),
    min: "0",
    max: "0",
    value: "0",
    "aria-label": `Position of ${name}`,
    oninput: () => {
      pause();
      go(Number(slider.value));
    },
  });
  const where = h("output", { class: "muted where", ...named("where") });
  const speed = select("Speed", speeds, restart, named("speed"));
  speed.control.value = usual;
  holder.append(h("div", { class: "buttons" }, back, toggle, forward), slider, where, speed.field);
  holder.addEventListener("keydown", press);
  still.addEventListener("change", render);
  let timer = null;
  let steps = 0;

  /** Arrows step, wherever the focus is but in a control that has its own use for them. */
  function press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (event.key === " " && event.target === slider && !still.matches) timer ? pause() : play();
    else if (event.target.tagName !== "BUTTON" || !Object.hasOwn(KEYS, event.key)) return;
    else step(KEYS[event.key](count()));
    event.preventDefault();
  }

  function step(by) {
    pause();
    go(Math.max(0, Math.min(count() - 1, index() + by)));
  }

  function play() {
    if (still.matches) return step(1);
    pause();
    if (index() < 0 || index() >= count() - 1) go(0);
    steps = 0;
    toggle.textContent = "Pause";
    where.setAttribute("aria-live", "off"); // nobody can listen to every position
    onplay(true);
    schedule();
  }

  function schedule() {
    const { to, wait } = speeds.find(([value]) => value === speed.control.value)[2](index(), steps);
    timer = setTimeout(() => {
      if (!holder.checkVisibility()) return pause(); // another view is shown meanwhile
      const before = index();
      steps += Math.max(1, to - before);
      go(Math.min(to, count() - 1));
      if (timer === null) return; // what was gone to has ended it
      if (index() >= count() - 1) pause();
      else schedule();
    }, wait);
  }

  function restart() {
    if (!timer) return;
    clearTimeout(timer);
    schedule();
  }

  function pause() {
    if (!timer) return;
    clearTimeout(timer);
    timer = null;
    toggle.textContent = "Play";
    where.setAttribute("aria-live", "polite");
    onplay(false);
  }

  function render() {
    const at = index();
    toggle.hidden = speed.field.hidden = still.matches;
    slider.max = String(Math.max(0, count() - 1));
    slider.value = String(Math.max(0, at));
    setText(where, words());
    slider.setAttribute("aria-valuetext", where.textContent);
  }

  return { play, pause, step, render, playing: () => timer !== null };
}

const KEYS = {
  ArrowLeft: () => -1,
  ArrowUp: () => -1,
  ArrowRight: () => 1,
  ArrowDown: () => 1,
  Home: (count) => -count,
  End: (count) => count,
};
