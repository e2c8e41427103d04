// The camera's picture, what the classifier says of it, and where it sees that. `ask` is a server or a worker: the page
// that teaches and the page that it saves differ in nothing else.

import { h, select, setText } from "../shared/dom.js";
import { paintEvidence } from "./evidence.js";

const SMOOTHED = 12; // frames that the rate is taken over
const WEIGHED = 5; // frames of the camera, of which most must show none of the classes before the page says so

/** A share in whole percents; only all is 100 % and only nothing 0 %. */
export function percent(share) {
  if (share > 0.995 && share < 1) return "> 99 %";
  if (share > 0 && share < 0.005) return "< 1 %";
  return `${Math.round(100 * share)} %`;
}

/** The same for a probability, which is never a certainty. */
export const likelihood = (probability) => percent(Math.min(Math.max(probability, 1e-9), 1 - 1e-9));

/**
 * The view in `holder`. `frame`: see frames.js; `camera`: see camera.js; `ask(pixels)` resolves to {classes: [key],
 * probabilities, none, evidence, of}, or to null where there is nothing to say yet; `names()` gives [[key, name]] of the
 * classes; `say` tells what went wrong.
 */
export function createLive(holder, { frame, camera, ask, names, say }) {
  const overlay = h("canvas", { width: 448, height: 448, "aria-hidden": "true" });
  const start = h("button", { type: "button", class: "primary start", id: "start-camera", onclick: begin }, "Start the camera");
  const seen = h("div", { class: "seen" }, frame.canvas, overlay, start);
  frame.canvas.setAttribute("role", "img");
  frame.canvas.setAttribute("aria-label", "What the classifier sees");
  const verdict = h("p", { class: "verdict", id: "verdict" });
  const bars = h("ul", { class: "bars", id: "bars", "aria-label": "Probabilities" });
  const legend = h("p", { class: "note", id: "legend", hidden: true });
  const shows = h("input", { type: "checkbox", id: "show-evidence", checked: true, onchange: drawAgain });
  const stop = h("button", { type: "button", id: "stop-camera", hidden: true, onclick: () => camera.stop() }, "Stop the camera");
  const cameras = select("Camera", [], (id) => camera.choose(id).catch(tell), { id: "camera" });
  const rate = h("span", { class: "rate", id: "rate" });
  cameras.field.hidden = true;
  holder.classList.add("live");
  holder.append(
    seen,
    h("div", { class: "said" }, verdict, bars, legend),
    h("div", { class: "controls" }, stop, cameras.field, h("label", { class: "check" }, shows, "Show the evidence"), rate),
  );
  let shown = null; // the last answer
  let rows = new Map(); // key -> the parts of its bar
  let times = [];
  let nones = []; // of the last frames, whether they showed none of the classes
  let still = false; // whether the picture is one that a person gave

  const tell = (problem) => say(problem.message, "error");

  async function begin() {
    try {
      await camera.start();
    } catch (problem) {
      tell(problem);
    }
  }

  /** To be called when the camera was started or stopped. */
  async function changed(on) {
    start.hidden = on;
    stop.hidden = !on;
    still = false;
    seen.classList.toggle("mirrored", on && camera.isMirror());
    if (!on) return;
    [times, nones] = [[], []];
    loop();
    const all = await camera.all();
    cameras.field.hidden = all.length < 2;
    cameras.control.replaceChildren(...all.map(({ id, name }) => h("option", { value: id }, name)));
  }

  let looping = false;
  async function loop() {
    if (looping) return;
    looping = true;
    while (camera.isOn()) {
      await new Promise((go) => (document.hidden ? setTimeout(go, 200) : requestAnimationFrame(go)));
      if (document.hidden || !camera.isOn()) continue;
      frame.take(camera.video, camera.video.videoWidth, camera.video.videoHeight);
      await answer();
    }
    looping = false;
  }

  async function answer() {
    let found = null;
    try {
      found = await ask(frame.pixels());
    } catch (problem) {
      if (!(problem instanceof TypeError)) await new Promise((go) => setTimeout(go, 500)); // it is said elsewhere
    }
    nones = still ? [found?.none] : [...nones, found?.none].slice(-WEIGHED);
    shown = found && { ...found, none: 2 * nones.filter(Boolean).length > nones.length };
    drawAgain();
    holder.dataset.answers = String(Number(holder.dataset.answers ?? 0) + 1);
    if (!found) return;
    times = [...times, performance.now()].slice(-SMOOTHED);
    const passed = (times.at(-1) - times[0]) / 1000;
    if (!still && times.length > 2 && passed > 0) setText(rate, `${((times.length - 1) / passed).toFixed(0)} frames a second`);
  }

  function drawAgain() {
    const known = names();
    if ([...rows.keys()].join() !== known.map(([key]) => key).join()) {
      rows = new Map(known.map(([key]) => [key, row()]));
      bars.replaceChildren(...[...rows.values()].map(({ item }) => item));
    }
    const best = shown && shown.classes[shown.probabilities.indexOf(Math.max(...shown.probabilities))];
    for (const [key, name] of known) {
      const parts = rows.get(key);
      const index = shown ? shown.classes.indexOf(key) : -1;
      const probability = index < 0 ? null : shown.probabilities[index];
      setText(parts.name, name);
      setText(parts.share, probability === null ? "" : likelihood(probability));
      parts.fill.style.width = `${100 * (probability ?? 0)}%`;
      parts.item.classList.toggle("best", probability !== null && key === best && !shown.none);
    }
    const nameOf = new Map(known);
    verdict.classList.toggle("none", Boolean(shown?.none));
    setText(verdict, shown ? (shown.none ? "None of these" : (nameOf.get(best) ?? "")) : "");
    const visible = Boolean(shown && shows.checked);
    overlay.hidden = legend.hidden = !visible;
    if (visible) {
      paintEvidence(overlay, shown.evidence);
      setText(legend, `Orange supports “${nameOf.get(shown.of) ?? ""}”, blue counts against it.`);
    }
  }

  function row() {
    const [name, share, fill] = [h("span", { class: "name" }), h("span", { class: "share" }), h("div", { class: "fill" })];
    return { name, share, fill, item: h("li", {}, name, share, h("div", { class: "track" }, fill)) };
  }

  return {
    changed,
    draw: drawAgain,
    /** Classifies one picture, in the place of the camera's. */
    async look(source, width, height) {
      camera.stop();
      still = true;
      start.hidden = true;
      seen.classList.remove("mirrored");
      frame.take(source, width, height);
      setText(rate, "");
      await answer();
    },
    /** The last answer. */
    last: () => shown,
  };
}
