// The filter lab: wires the state to the engine and to the parts of the page.

import "../shared/problems.js";
import "../shared/frame.js";
import { createEngine } from "../engine/client.js";
import { createCamera } from "../shared/camera.js";
import { byId, delayed, h, oncePerFrame, setText, throttled } from "../shared/dom.js";
import { fromCanvas } from "../shared/image-files.js";
import { linkToGallery } from "../shared/gallery-link.js";
import { say } from "../shared/message.js";
import { rememberPage } from "../shared/offline-page.js";
import { paint, scaleFor } from "../shared/scale.js";
import { inAddress, keepInAddress } from "../shared/session.js";
import { startTheme, theme } from "../shared/theme.js";
import { readAddress, writeAddress } from "./address.js";
import { createBack } from "./back.js";
import { createBench } from "./bench.js";
import { createChainStrip } from "./chain-strip.js";
import { createColourView } from "./colour-view.js";
import { createExportDialog, createLabShare } from "./dialogs.js";
import { createDrawPad } from "./draw-pad.js";
import { pythonCode } from "./export-python.js";
import { offlineHtml, outputPng } from "./exports.js";
import { whatIsGiven } from "./given.js";
import { createImages } from "./images.js";
import { createNotebookLink } from "./in-notebook.js";
import { createKernelEditor } from "./kernel-editor.js";
import { fits, runChain, scalesOf } from "./pipeline.js";
import { createPoolEditor } from "./pool-editor.js";
import { createScanPlayer } from "./scan-player.js";
import { createLabState } from "./state.js";
import { createStepSettings } from "./step-settings.js";
import { channelsAfter, makeStep } from "./steps.js";
import { positionOf } from "./walk.js";

const page = rememberPage();
document.documentElement.dataset.started = ""; // takes away what the page says without scripts
const given = await whatIsGiven();
const sobel = given.kernels.find(({ name }) => name === "sobel-x") ?? given.kernels[0];
const state = createLabState({
  image: given.start.image ? "image" : (given.samples[0]?.name ?? "four"),
  version: 0,
  grey: false,
  steps: [makeStep("convolve", { kernels: [sobel.kernel], weight: sobel.weight, bias: sobel.bias, channels: "sum" })],
  selected: 0,
  position: null,
  reveal: false,
  channel: 0,
  look: "auto",
  range: "own",
  mark: true,
  hide: [],
  lock: [],
  from: null,
});
const engine = createEngine(given.offline ? null : new URL("../engine/worker.js", import.meta.url));

let image = null; // the tensor that the chain starts with
let model = null; // {results, error} of the last run

// --- parts of the page

const announce = delayed(400, (text) => (byId("announce").textContent = text));
const editor = createKernelEditor(state, given.kernels, say);
const poolEditor = createPoolEditor(state);
const settings = createStepSettings(state);
const strip = createChainStrip(state, given.kernels);
const player = createScanPlayer({
  size: () => (result() ? [result().geometry.rows.out, result().geometry.columns.out] : [1, 1]),
  position: () => result() && positionOf(result().step, result().geometry, state.get().position),
  go: (row, column) => state.change({ position: { of: "output", row, column }, reveal: true }),
});
const point = (of, row, column) => {
  if (!player.playing()) state.change({ position: { of, row, column }, reveal: false });
};
const bench = createBench(state, point, move);
const colours = createColourView((row, column) => point("output", row, column));

const images = createImages(state, given, say);
const exports = {
  png: () => outputPng(result() && bench.image()),
  html: (parts) => offlineHtml(page, { ...state.get(), ...parts }, given.kernels, images),
  python: () =>
    pythonCode(state.get(), image, { file: images.fileName(), samples: given.samples.map(({ name }) => name) }),
};

createDrawPad((name) => state.change({ image: name, position: null }));
const camera = createCamera((canvas) => images.use("camera", fromCanvas(canvas, canvas.width, canvas.height)), say);
byId("camera").addEventListener("click", camera.open);
linkToGallery(given.start.gallery);
const back = createBack(state, given.start.network);
createLabShare(state, exports, say);
createExportDialog(exports, say);
startTheme(byId("theme"), () => {
  render(true);
  renderControls();
});

const notebook = await createNotebookLink({ state, image: () => image });

// --- state -> engine -> page

let underWay = 0;
const busy = (more) => byId("bench").setAttribute("aria-busy", String((underWay += more) > 0));

const compute = async () => {
  if (!image) return;
  busy(1);
  try {
    const next = await runChain(engine, image, state.get().steps);
    if (!next) return;
    model = next;
    render(true);
  } catch (problem) {
    say(problem.message, "error");
  } finally {
    busy(-1);
  }
};
const recompute = oncePerFrame(compute);
const replace = oncePerFrame(() => render(false));
// What is looked at later than the output itself may come a moment later.
const repaintColours = throttled(250, ({ apart, step }) => colours.repaint(apart, step));
let placing = false;
const placeNext = throttled(90, () => {
  placeWindow();
  if (placing) busy(-1);
  placing = false;
});
const repaintStrip = throttled(250, () =>
  strip.render(state.get().steps.map((_, i) => thumbnail(model.results[i], i === state.get().selected))),
);
const repaint = oncePerFrame(() => render(true));
const keepAddress = delayed(300, () => keepInAddress(writeAddress(state.get())));

state.listen((now, before) => {
  if (["image", "grey", "version"].some((name) => now[name] !== before[name])) loadImage();
  else if (now.steps !== before.steps) recompute();
  else if (["selected", "look", "range", "mark", "channel", "hide", "lock"].some((name) => now[name] !== before[name]))
    repaint();
  else replace();
  if (["steps", "selected", "channel", "hide", "lock"].some((name) => now[name] !== before[name])) renderControls();
  if (now.steps !== before.steps || now.image !== before.image) say(""); // what was said was about another
  if (now.selected !== before.selected) player.stop();
  keepAddress();
  notebook.tell();
  busy(1);
  requestAnimationFrame(() => requestAnimationFrame(() => busy(-1))); // by then it is drawn, or being computed
});

window.addEventListener("hashchange", () => state.change(fromAddressText(inAddress())));
state.change(fromAddressText(inAddress() || given.start.state || ""));
await loadImage();

function result() {
  return model?.results[state.get().selected];
}

async function loadImage() {
  try {
    const found = await images.load();
    if (!found) return; // another was chosen meanwhile
    image = found;
    setText(byId("input-scaled"), image.full ? `scaled down from ${image.full.join(" × ")}` : "");
    await engine.load(image);
    await compute();
    renderControls();
    notebook.tell();
  } catch (problem) {
    say(problem.message, "error");
    if (!image) state.change({ image: "four" });
  }
}

function render(all) {
  if (!model) return;
  const { selected, hide, lock } = state.get();
  const current = result();
  document.documentElement.dataset.ready = "true";
  byId("step-error").textContent = model.error;
  byId("step-error").hidden = !model.error;
  for (const part of document.querySelectorAll("[data-part]")) part.hidden = hide.includes(part.dataset.part);
  for (const part of document.querySelectorAll("fieldset[data-part]")) part.disabled = lock.includes(part.dataset.part);
  byId("bench").classList.toggle("broken", !current);
  byId("part-pixels").classList.toggle("broken", !current);
  if (!current) {
    byId("part-colour").hidden = true;
    if (all) repaintStrip();
    return;
  }
  const scales = scalesOf(model.results, selected, state.get());
  if (all) bench.repaint({ result: current, scales });
  if (all) placeSoon();
  else placeWindow();
  player.render();

  const coloured = current.step.type === "convolve" && current.input.shape[2] === 3 && !hide.includes("colour");
  byId("part-colour").hidden = !coloured;
  if (coloured && all) repaintColours(current);
  if (all) repaintStrip();
}

/** The window on images, grids and colours, and its arithmetic. */
function placeWindow() {
  const current = result();
  if (!current) return;
  const scales = scalesOf(model.results, state.get().selected, state.get());
  const position = positionOf(current.step, current.geometry, state.get().position);
  announce(bench.placeWindow({ result: current, scales, position }));
  colours.mark(position.row === null ? null : { kind: "frame", row: position.row, column: position.column, rows: 1, columns: 1 });
}

/** The same where a result has changed: while a number is dragged the output comes first. */
function placeSoon() {
  if (!placing) busy(1);
  placing = true;
  placeNext();
}

function renderControls() {
  const { steps, selected } = state.get();
  const step = steps[selected];
  const pooling = step.type === "pool";
  byId("kernel-title").textContent = pooling ? "Pooling" : "Kernel";
  byId("kernel-editor").hidden = pooling;
  byId("pool-editor").hidden = !pooling;
  const channels = steps.slice(0, selected).reduce((count, each) => channelsAfter(each, count), image?.shape[2] ?? 1);
  editor.colours(channels);
  (pooling ? poolEditor : editor).render();
  const geometry = image ? (fits(steps, image.shape).geometries[selected] ?? null) : null;
  settings.render({ step, geometry, channels });
  images.render();
  back.render();
}

function thumbnail(found, selected) {
  if (!found) return null;
  const { output } = found;
  const size = `${output.shape[0]} × ${output.shape[1]}${output.shape[2] > 1 ? ` × ${output.shape[2]}` : ""}`;
  const pixels = selected ? bench.image() : paint(output, scaleFor(output, state.get().look), theme());
  const canvas = h("canvas", { width: pixels.width, height: pixels.height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return { size, image: canvas };
}

function move(rows, columns) {
  const current = result();
  if (!current) return;
  const { position } = state.get();
  player.stop();
  const from = positionOf(current.step, current.geometry, position);
  const limit = (value, size) => Math.max(0, Math.min(size - 1, value));
  if (from.row === null) {
    const { rows: r, columns: c } = current.geometry;
    state.change({
      position: { of: "input", row: limit(position.row + rows, r.size), column: limit(position.column + columns, c.size) },
      reveal: false,
    });
  } else {
    const { rows: r, columns: c } = current.geometry;
    state.change({
      position: { of: "output", row: limit(from.row + rows, r.out), column: limit(from.column + columns, c.out) },
      reveal: false,
    });
  }
}

function fromAddressText(text) {
  const found = readAddress(text);
  const steps = found.steps ?? state.get().steps;
  const selected = Math.min(found.selected ?? 0, steps.length - 1);
  return {
    hide: [],
    lock: [],
    position: null,
    grey: false,
    look: "auto",
    range: "own",
    from: null,
    ...found,
    steps,
    selected,
    reveal: false,
  };
}
