// The way from the image to the answer: the cards of the layers light one after the other, and their maps come as they would.

import { h } from "../../shared/dom.js";
import { createPlayer } from "../../shared/player.js";
import { revealing } from "./reveal.js";

const STAGE = 1500; // milliseconds for a card
const LONG = 24; // cards from which on each gets less,
const ALL = 36000; // so that all of them take this long
const DRAWN = 0.8; // of a card's time: until all its maps are there
const SPEEDS = [0.5, 1, 2, 4];
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

/** The player at the top of a tower's element. */
export function createFlow(tower) {
  const controls = h("div", { class: "controls" });
  const element = h("div", { id: "flow", class: "flow", role: "group", "aria-label": "Play the network from the image to the prediction" },
    h("div", { class: "flow-head" }, h("p", { class: "flow-title" }, "From the image to the prediction")), controls); // prettier-ignore
  tower.prepend(element);
  let at = -1;
  let running = []; // animations

  const player = createPlayer(controls, {
    name: "the way through the network",
    usual: "1",
    speeds: SPEEDS.map((factor) => [String(factor), `${factor}×`, (index) => ({ to: index + 1, wait: pace() / factor })]),
    ids: { play: "flow-play", slider: "flow-slider" },
    count: () => stages().length,
    index: () => at,
    go,
    words: () => (stages()[at] ? `${nameOf(stages()[at])}, ${at + 1} of ${stages().length}` : ""),
    onplay: (playing) => !playing && settle(),
  });

  element.firstChild.append(controls.querySelector(".where")); // beside the title, where its length moves nothing

  /** The cards and closed blocks that stand in the tower, from the image up. */
  const stages = () => [...tower.querySelectorAll(".layer, .block.folded")].filter((each) => !each.closest("[hidden]")).reverse();
  const pace = () => (stages().length > LONG ? ALL / stages().length : STAGE);

  function go(index) {
    const all = stages();
    at = Math.min(index, all.length - 1);
    if (at < 0) return stop();
    finish();
    const over = at >= all.length - 1;
    tower.classList.toggle("flowing", true);
    all.forEach((each, i) => {
      each.classList.toggle("flow-now", i === at);
      each.classList.toggle("flow-later", i > at);
    });
    bringIntoView(all[at]);
    if (player.playing()) running = revealing(all[at], pace() * DRAWN);
    if (over && !player.playing()) settle();
    player.render();
  }

  const finish = () => running.splice(0).forEach((each) => each.finish());

  /** The end: all cards as they are without the play; before it, only that which is being drawn is drawn at once. */
  function settle() {
    if (at >= stages().length - 1) Promise.allSettled(running.map((each) => each.finished)).then(() => at >= stages().length - 1 && end());
    else finish();
  }

  function end() {
    tower.classList.remove("flowing");
    for (const each of tower.querySelectorAll(".flow-now, .flow-later")) each.classList.remove("flow-now", "flow-later");
  }

  function stop() {
    player.pause();
    finish();
    at = -1;
    end();
    player.render();
  }

  tower.addEventListener("pointerdown", (event) => at < 0 || element.contains(event.target) || stop());
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || at < 0) return;
    event.preventDefault(); // it ends this alone
    stop();
  });
  player.render();
  return { element, play: player.play, pause: player.pause, stop };
}

/** Scrolls this page alone: the page that frames it stays where it is. */
function bringIntoView(stage) {
  const { top, height } = stage.getBoundingClientRect();
  const middle = window.scrollY + top - Math.max(0, window.innerHeight - height) / 2;
  window.scrollTo({ top: middle, behavior: still.matches ? "auto" : "smooth" });
}

const nameOf = (stage) => (stage.getAttribute("aria-label") === "input" ? "the image" : stage.getAttribute("aria-label"));
