// The guided tour: a step at a time it puts a part of the network into the page's state, says what is to be seen there, and
// points at it. The state has the step's name, and so has the address: a link begins there.

import { byId, h } from "../../shared/dom.js";
import { valuesOf } from "../opened.js";
import { createCard } from "./card.js";
import { factsOf, filled } from "./facts.js";
import { ask, mayOffer, remember } from "./offer.js";
import { createPractice } from "./practice.js";
import { readTour } from "./reading.js";
import { slide, still } from "./sliding.js";
import { stepsFor } from "./steps.js";
import { imageOf, isThere, needs, resolve } from "./targets.js";

const KEPT = ["view", "source", "image", "drawing", "position", "unit", "part", "cell", "folded", "open"]; // to go back to
const views = () => [...document.querySelectorAll("#views button:not([hidden])")].map(({ id }) => id.replace("view-", ""));
const SECONDS = 90; // of the tour that comes with the page, about

/**
 * The tour behind its button. `network` fills in values, `opened(position)` gives the blocks that are open with that of a
 * layer, `has(image)` says whether the page has one, `show(view)` shows a view, `offline`: nothing runs
 * behind the page, `exercises` is the page of those that go with the tour, in a file that has one. It follows `state.tour`: the name of a step, its number from 1, or
 * null.
 */
export function createTour(button, { state, model, explorer, network, offline = false, exercises = null, opened, has, show, say, inspector, overview = null }) {
  const given = readTour(explorer.tour);
  const title = given?.title ?? "";
  const practice = createPractice({ count: given?.exercises ?? 0, page: exercises, offline });
  const end = () => state.change({ tour: null });
  const card = createCard({ back: () => go(-1), next: () => go(1), play: () => play(!timer), end });
  let run = null; // the last that the page has shown
  let before = null; // the state in which the tour began
  let focused = null; // what had the focus then
  let own = null; // what the step chose: {name, position, unit}
  let stopSliding = () => {};
  let timer = null;
  let asking = null; // takes away the card that asks something

  const isBlank = () => Boolean(run.given[0].blank);
  const began = () => before ?? state.get();
  const steps = () => {
    const blank = isBlank() && began().source === "draw"; // else there are images to go back to
    const all = given ? given.steps : stepsFor(model, explorer, { blank, overview: Boolean(overview) });
    return all.filter((step) => isThere(step.show, model, has, views()));
  };
  const viewOf = (step) => (views().includes(step.show.view) ? step.show.view : "network");
  const indexOf = (name) => (/^\d+$/.test(name) ? Math.min(Number(name), steps().length) - 1 : steps().findIndex((step) => step.name === name));

  button.addEventListener("click", () => start());
  document.addEventListener("keydown", onEscape, true);
  document.addEventListener("pointerdown", ({ target }) => timer && !card.has(target) && play(false));
  state.listen((now, then) => {
    if (now.tour !== then.tour) follow(now, then);
    else if (now.tour !== null && own && !own.plays && now.unit !== own.sliding && now.unit !== then.unit) stopSliding();
  });

  function start() {
    if (!run) return;
    const [first] = steps();
    if (first) state.change({ tour: first.name });
    else say("This network has none of the layers that this tour shows.");
  }

  /** Goes to the step that the state names, or ends. */
  function follow(now, then) {
    if (now.tour === null) return close();
    if (then.tour === null) {
      before = Object.fromEntries(KEPT.map((name) => [name, now[name]]));
      focused = document.activeElement;
    }
    if (run) enter();
  }

  /** Begins a step: first its image, then, once the network has run, what it shows of it. */
  function enter() {
    const all = steps();
    const index = indexOf(state.get().tour);
    if (index < 0) {
      say(`This tour has no step “${state.get().tour}”. It has: ${all.map(({ name }) => name).join(", ")}.`);
      return state.change({ tour: null });
    }
    const step = all[index];
    if (step.name !== state.get().tour) return state.change({ tour: step.name }); // its number was told
    asking?.();
    remember(title);
    stopSliding();
    own = null;
    if (!document.documentElement.hasAttribute("data-touring")) card.open();
    const image = imageFor(step);
    if (["source", "image"].some((name) => name in image && image[name] !== state.get()[name]) && image.source !== "draw") {
      state.change(image);
      return; // the network runs, and render() goes on
    }
    if (state.get().view !== viewOf(step)) show(viewOf(step));
    settle(image);
  }

  /** The image of a step: its own, or instead of a pad that is still empty that of the beginning, or the one that is there. */
  function imageFor({ show: { image, source } }) {
    if (image !== undefined || source !== undefined) return imageOf({ image, source }, { model });
    const { source: first, image: number } = began();
    return isBlank() && first !== "draw" ? { source: first, image: number } : {};
  }

  /** Shows the step of the state in the run that the page shows; `patch` is what it changes besides the chosen value. */
  async function settle(patch) {
    const shown = run;
    const all = steps();
    const index = indexOf(state.get().tour);
    const step = all[index];
    if (!step) return;
    try {
      card.wait(true);
      await network.fill(shown.outputs, needs(step.show, model));
    } catch (problem) {
      say(problem.message, "error");
      return end();
    } finally {
      card.wait(false);
    }
    if (shown !== run || indexOf(state.get().tour) !== index) return; // something newer is under way
    const values = valuesOf(shown);
    const at = resolve(step.show, { model, values });
    const isNew = own?.name !== step.name;
    const chosen = at ? { part: null, ...at, open: opened(at.position) } : {};
    const untouched = own && own.position === state.get().position && own.unit === state.get().unit;
    if (isNew || untouched) {
      own = { ...(isNew ? {} : own), name: step.name, ...at };
      state.change({ ...patch, ...chosen });
    }
    const text = filled(step.text, factsOf({ model, explorer, run: shown, values, at }));
    const shape = at ? model.shapes[at.position + model.first] : null;
    const about = { at, first: model.first, main: model.main, shape, view: viewOf(step), overview };
    card.show({ ...step, text }, { number: index + 1, count: all.length, about, moved: isNew, further: further(step, index === all.length - 1) });
    if (isNew && at && step.show.play === "window") stopSliding = slideWindow(at, shape);
    if (isNew && timer) play(true);
  }

  /** Lets the inspector play, where it can, or moves the pixel. Returns what ends it. */
  function slideWindow(at, shape) {
    if (still()) return () => {};
    if (!inspector.play) return slide({ at, shape, show: (unit) => state.change({ unit: (own.sliding = unit) }) });
    own.plays = true;
    const waits = setTimeout(() => inspector.play(), 400); // once the inspector shows the map
    return () => {
      clearTimeout(waits);
      inspector.pause();
    };
  }

  /** What stands below a step's text: where training can be seen, and at the end the exercises. */
  function further({ more }, isLast) {
    if (practice && isLast) return [h("button", { type: "button", onclick: () => (end(), practice.open()) }, `Do the ${practice.words}`)];
    if (more !== "training") return [];
    if (explorer.gallery) return [h("a", { href: `${explorer.gallery}lessons/15/` }, "Lesson 15 trains this kind of network")];
    return offline ? [] : ["To watch it live, type ", h("code", {}, "convoscope train digits --explore"), " in a terminal."];
  }

  function go(by) {
    const all = steps();
    const index = indexOf(state.get().tour) + by;
    if (index >= all.length) end();
    else if (index >= 0) state.change({ tour: all[index].name });
  }

  /** Goes on by itself after each step's seconds, or no longer. */
  function play(on) {
    clearTimeout(timer);
    const index = indexOf(state.get().tour);
    const isLast = index === steps().length - 1;
    timer = on && !isLast ? setTimeout(() => go(1), 1000 * steps()[index].seconds) : null;
    card.plays(timer !== null);
  }

  function close() {
    stopSliding();
    play(false);
    own = null;
    card.close();
    const back = before;
    before = null;
    const target = focused?.isConnected && focused !== document.body ? focused : button;
    (target.checkVisibility() ? target : byId("main")).focus({ preventScroll: true });
    const moved = back && KEPT.some((name) => back[name] !== state.get()[name]);
    const choices = [
      ...(practice ? [[`Do the ${practice.words}`, practice.open]] : []),
      ...(moved ? [["Back to where I was", () => state.change(back)]] : []),
    ];
    if (choices.length) asking = ask("After the tour", "The tour has ended here. The button “Tour” starts it again.", ...choices, ["Stay here", () => {}]);
  }

  function onEscape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || state.get().tour === null) return;
    event.preventDefault(); // it ends this alone
    end();
  }

  return {
    /** Follows a run that the page shows: {given, inputs, outputs, label}. */
    render(shown) {
      if (shown === run) return;
      const isFirst = run === null;
      run = shown;
      if (state.get().tour !== null) return own ? void settle({}) : enter();
      if (isFirst && mayOffer(title, state.get())) offer();
    },
  };

  function offer() {
    const words = title ? `New here? ${title}.` : `New here? See how this network sees, in ${SECONDS} seconds.`;
    asking = ask("New here?", words, ["Start", start], ["Not now", () => remember(title)]);
  }
}
