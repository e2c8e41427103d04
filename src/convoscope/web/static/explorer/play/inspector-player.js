// Plays what the inspector shows: the window over the maps below while the map fills, or the terms of a neuron's sum.

import { h, setText } from "../../shared/dom.js";
import { createPlayer } from "../../shared/player.js";
import { indexIn, positionIn } from "../positions.js";
import { value } from "../words.js";
import { countOf, nextAt, numberOf, playable, positionAt, scene } from "./sweep.js";
import { createSweepView, faded, madeSoFar } from "./sweep-view.js";
import { lineOf, lineSoFar } from "./sweep-words.js";
import { termsOf } from "./terms.js";
import { createTermsView } from "./terms-view.js";

const SPEEDS = [0.5, 1, 2, 4];

/**
 * The player of an inspector, in an element of its own, `element`. `pair` holds its pictures, `made` that of the map that is
 * chosen; `rows()` are the elements of a neuron's listed products. `pictureOf(which, channel)` paints a map below and
 * `nameOf(which, channel)` names it; `walk(unit, part)` chooses another value of the same map, with the same map below;
 * `again()` draws anew.
 */
export function createInspectorPlayer({ pair, made, rows, pictureOf, nameOf, termName, walk, again }) {
  const element = h("div", { class: "player", role: "group", "aria-label": "Play how this value is computed" });
  const controls = h("div", { class: "controls" });
  const line = h("p", { class: "line", "aria-live": "polite" });
  const running = h("div", {});
  const notes = h("p", { class: "note" });
  element.append(controls, line, running, notes);
  const view = createSweepView(pair, made);
  const terms = createTermsView(running, rows);
  let now = null; // {kind, key, found, layer, inputs, tensor, part, ...}: what could be played
  let at = -1; // the position or the term that the play has come to; −1: none, everything is shown
  let list = []; // the terms
  let due = 0; // milliseconds until the next one

  const grid = () => (now.kind === "pixels" ? now.inputs[0] : now.tensor).shape; // whose positions are run through
  const count = () => (!now ? 1 : now.kind === "terms" ? list.length : countOf(grid()));
  const player = createPlayer(controls, {
    name: "the play",
    usual: "1",
    speeds: SPEEDS.map((factor) => [String(factor), `${factor}×`, next(factor)]),
    count,
    index: () => at,
    go,
    words,
    onplay: (playing) => line.setAttribute("aria-live", playing ? "off" : "polite"),
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || at < 0) return;
    event.preventDefault(); // it ends this alone
    stop();
    again();
  });

  function next(factor) {
    return (index, steps) => {
      const step = nextAt(index, steps, count(), factor);
      due = step.wait;
      return step;
    };
  }

  function go(index) {
    if (!now) return;
    at = index;
    if (now.kind !== "positions") again();
    else walk(indexIn(now.tensor.shape, { ...positionAt(now.tensor.shape, at), channel: now.channel }), now.part);
  }

  function words() {
    if (at < 0 || !now) return "";
    if (now.kind === "terms") return `${at + 1} of ${list.length} terms`;
    const { row, column } = positionAt(grid(), at);
    return `row ${row}, column ${column}: ${(at + 1).toLocaleString("en")} of ${count().toLocaleString("en")}`;
  }

  function stop() {
    player.pause();
    at = -1;
  }

  /** The pixels of an activation that became 0: whether that with a number is one. */
  function isZeroed(number) {
    const [{ data }] = now.inputs;
    const index = indexIn(now.tensor.shape, { ...positionAt(now.tensor.shape, number), channel: now.channel });
    return data[index] < 0 && now.tensor.data[index] === 0;
  }

  function showPositions() {
    const { found, inputs, layer, part, tensor } = now;
    const scenes = scene(found, { layer, inputs, part, at });
    const pictures = scenes.map(({ which, channel }) => pictureOf(which, channel));
    const zeros = found.kind === "activate" && !found.softmax;
    if (zeros) pictures[0] = faded(pictures[0], at + 1, isZeroed);
    if (now.kind === "pixels") pictures[0] = faded(pictures[0], count(), (number) => number > at);
    view.show(scenes, pictures, scenes.map(({ which, channel }) => nameOf(which, channel)));
    if (player.playing()) view.carry(scenes[0], positionAt(tensor.shape, at), tensor.shape, value(found.value), due);
    setText(line, now.kind === "pixels" ? lineSoFar(found.mode, pooledSoFar()) : lineOf(found, part));
    notes.hidden = !zeros;
    if (zeros) setText(notes, zeroWords());
  }

  /** The values of the map that is pooled as a whole, up to the pixel that the play has come to. */
  function pooledSoFar() {
    const [{ data, shape }] = now.inputs;
    return Array.from({ length: at + 1 }, (_, number) => data[number * shape[2] + now.found.channel]);
  }

  function zeroWords() {
    let count = 0;
    for (let i = 0; i <= at; i++) count += isZeroed(i);
    return `${count.toLocaleString("en")} of ${(at + 1).toLocaleString("en")} values so far become 0; they fade in the map below.`;
  }

  function show() {
    const active = at >= 0;
    element.classList.toggle("active", active);
    line.hidden = !active;
    notes.hidden = true;
    if (!active || now.kind !== "terms") terms.hide();
    if (!active || now.kind === "terms") view.hide();
    if (active && now.kind === "terms") {
      terms.show(list, at);
      setText(line, list[at].text);
    } else if (active) showPositions();
    player.render();
  }

  return {
    element,
    play: player.play,
    pause: player.pause,
    playing: player.playing,
    /** Whether the window is on its way over the maps below, whose pictures then stand beside the map. */
    sweeping: () => at >= 0 && now !== null && now.kind !== "terms",
    /** The chosen map's picture, as far as it is made. */
    made: (picture) => (at >= 0 && now?.kind === "positions" ? madeSoFar(picture, at + 1) : picture),
    /** Hears which value the inspector is about to show: {position, unit, found, layer, inputs, tensor, part}, or null for none that can be played. */
    take(shown) {
      const kind = shown && playable(shown.found, shown.inputs, shown.tensor.shape);
      element.hidden = !kind;
      const { channel, ...position } = shown ? positionIn(shown.tensor.shape, shown.unit) : {};
      const key = kind === "positions" ? `${shown.position} ${channel}` : `${shown?.position} ${shown?.unit}`;
      if (!kind || key !== now?.key) stop();
      now = kind ? { ...shown, kind, key, channel } : null;
      if (!kind) return;
      if (kind === "terms") list = termsOf(shown.found, termName);
      else if (kind === "positions" && at >= 0 && numberOf(shown.tensor.shape, position) !== at && !player.playing()) at = numberOf(shown.tensor.shape, position);
    },
    /** Draws, once the inspector has drawn the rest. */
    show: () => now && show(),
  };
}
