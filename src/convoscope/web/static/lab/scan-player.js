// The window's walk over the image: one step, playing, and scrubbing to any position.

import { byId, h, select } from "../shared/dom.js";

const SPEEDS = [
  ["1", "1 a second"],
  ["4", "4 a second"],
  ["20", "20 a second"],
  ["row", "Row by row"],
];

/** The player in #player. `size()` is the output's [rows, columns]; `go(row, column)` moves the window there. */
export function createScanPlayer({ size, position, go }) {
  const back = h(
    "button",
    { type: "button", id: "step-back", "aria-label": "One step back", onclick: () => step(-1) },
    "◀",
  );
  const play = h(
    "button",
    { type: "button", id: "play", class: "primary", onclick: () => (timer ? stop() : start()) },
    "Play",
  );
  const forward = h(
    "button",
    { type: "button", id: "step-forward", "aria-label": "One step forward", onclick: () => step(1) },
    "▶",
  );
  const slider = h("input", {
    type: "range",
    id: "scan",
    min: "0",
    max: "0",
    value: "0",
    "aria-label": "Position of the window in its scan",
    oninput: () => {
      stop();
      goTo(Number(slider.value));
    },
  });
  const where = h("output", { class: "muted", id: "where" });
  const speed = select("Speed", SPEEDS, () => timer && start(), { id: "speed" });
  speed.control.value = "4";
  byId("player").append(h("div", { class: "buttons" }, back, play, forward), slider, where, speed.field);
  let timer = null;

  const index = () => (position()?.row == null ? -1 : position().row * size()[1] + position().column);
  const count = () => size()[0] * size()[1];
  const goTo = (at) => go(Math.floor(at / size()[1]), at % size()[1]);

  function step(by) {
    stop();
    goTo(Math.max(0, Math.min(count() - 1, index() + by)));
  }

  function start() {
    stop();
    const rows = speed.control.value === "row";
    if (index() >= count() - 1) goTo(0);
    play.textContent = "Pause";
    timer = setInterval(
      () => {
        const next = rows ? (Math.floor(index() / size()[1]) + 1) * size()[1] + size()[1] - 1 : index() + 1;
        goTo(Math.min(next, count() - 1));
        if (index() >= count() - 1) stop();
      },
      rows ? 120 : 1000 / Number(speed.control.value),
    );
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  return {
    stop,
    playing: () => timer !== null,
    render() {
      const at = index();
      slider.max = String(Math.max(0, count() - 1));
      slider.value = String(Math.max(0, at));
      where.textContent =
        at < 0
          ? "no output here"
          : `row ${position().row}, column ${position().column} · ${[at + 1, count()].map((n) => n.toLocaleString("en")).join(" of ")}`;
      slider.setAttribute("aria-valuetext", where.textContent);
    },
  };
}
