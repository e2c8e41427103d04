// The window's walk over the image: one step, playing, and scrubbing to any position.

import { byId } from "../shared/dom.js";
import { createPlayer } from "../shared/player.js";

const each = (second) => (index) => ({ to: index + 1, wait: 1000 / second });
const IDS = { back: "step-back", play: "play", forward: "step-forward", slider: "scan", where: "where", speed: "speed" };

/** The player in #player. `size()` is the output's [rows, columns]; `go(row, column)` moves the window there. */
export function createScanPlayer({ size, position, go }) {
  const index = () => (position()?.row == null ? -1 : position().row * size()[1] + position().column);
  const count = () => size()[0] * size()[1];
  const rowEnd = (at) => ({ to: (Math.floor(at / size()[1]) + 1) * size()[1] + size()[1] - 1, wait: 120 });
  const player = createPlayer(byId("player"), {
    name: "the window in its scan",
    speeds: [
      ["1", "1 a second", each(1)],
      ["4", "4 a second", each(4)],
      ["20", "20 a second", each(20)],
      ["row", "Row by row", rowEnd],
    ],
    usual: "4",
    ids: IDS,
    count,
    index,
    go: (at) => go(Math.floor(at / size()[1]), at % size()[1]),
    words: () =>
      index() < 0
        ? "no output here"
        : `row ${position().row}, column ${position().column} · ${[index() + 1, count()].map((n) => n.toLocaleString("en")).join(" of ")}`,
  });
  return { stop: player.pause, playing: player.playing, render: player.render };
}
