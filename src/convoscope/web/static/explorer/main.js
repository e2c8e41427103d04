// The explorer: wires the state to the network and to the parts of the page.

import "../shared/problems.js";
import "../shared/frame.js";
import { openNetwork } from "../engine/network-client.js";
import { byId, delayed, oncePerFrame } from "../shared/dom.js";
import { linkToGallery } from "../shared/gallery-link.js";
import { say } from "../shared/message.js";
import { goTo, isHosted } from "../shared/session.js";
import { createState } from "../shared/state.js";
import { startTheme } from "../shared/theme.js";
import { readAddress, writeAddress } from "./address.js";
import { createAddressSync } from "./address-sync.js";
import { createBeside } from "./beside.js";
import { createChanges } from "./changes.js";
import { createClassOutputs } from "./class-outputs.js";
import { createExciting } from "./exciting.js";
import { createFacts } from "./facts.js";
import { whatIsGiven } from "./given.js";
import { createImageOutputs } from "./image-outputs.js";
import { imageShape } from "./images.js";
import { createNotebookLink } from "./in-notebook.js";
import { createInspector } from "./inspector.js";
import { createKeys } from "./keys.js";
import { createLive } from "./live/strip.js";
import { openModel, valuesOf } from "./opened.js";
import { createOverview } from "./overview/index.js";
import { createFlow } from "./play/flow.js";
import { indexIn, positionIn, strongest, strongestOfAll } from "./positions.js";
import { createPresentation } from "./presentation.js";
import { createSheet } from "./print.js";
import { createPythonNetwork } from "./python-network.js";
import { restore } from "./restore.js";
import { createShare } from "./share.js";
import { startSkipLink } from "./skip.js";
import { createSource } from "./source.js";
import { mark, startTerms } from "./terms.js";
import { createTime } from "./time.js";
import { toLab } from "./to-lab.js";
import { createTouch } from "./touch.js";
import { createTour } from "./tour/tour.js";
import { createTower, folded } from "./tower.js";

document.documentElement.dataset.started = ""; // takes away what the page says without scripts
const KINDS = { classes: createClassOutputs, images: createImageOutputs };
const given = await whatIsGiven();
const { explorer } = given;
const model = openModel(given.buffer, explorer.shapes, explorer.multiplyAdds);
const { layers, first } = model;
const { worker } = given;
const inPython = explorer.runs === "python";
const network = inPython
  ? createPythonNetwork({ model, about: () => ({ epoch: time.epoch() }) })
  : await openNetwork(given.buffer, worker);
const { indices } = explorer;
const start = {
  view: "overview",
  source: indices.length ? "test" : "draw",
  image: indices.length ? indices[0] : null,
  drawing: null, // its greys as the network receives them, a byte each
  position: -1, // of the layer whose value is chosen; the inputs are before 0, one alone at −1
  unit: null, // the value's flat index
  part: null, // the chosen one of a convolution's input maps; null: the strongest
  cell: null, // of the confusion matrix
  off: new Map(), // position -> channels that are switched off
  edits: new Map(), // "position weight index" -> {position, weight, index, value}
  folded: folded(model),
  open: [], // the numbers of the blocks that are open
  pickA: null, // [position, unit] that is chosen where two networks stand side by side
  pickB: null,
  foldedB: null, // null: those that show nothing new
  presenting: false, // larger text and fewer controls
  tour: null, // the name of its step
  epoch: null, // of the training; null: the model as it was opened
};
const state = createState(start);
const VIEWS = ["overview", "network", "why", "mistakes", "beside"];
const sourceHome = byId("source").parentElement;
const result = document.querySelector(".result");
let newest = null; // {given, label} of the last run that was asked for
let shown = null; // {given, inputs, outputs, label} of the last run that is done: inputs as images, where `given` are what is taken
let starting = true;
let named = null; // the layer that an address names, until it is in view
let chosen = false; // whether the page has chosen a value for the layers view to begin with
let underWay = 0; // runs

// --- parts of the page

const changes = createChanges({ state, layers, network });
const ask = (...about) => time.ask(...about);
const askForPictures = (...about) => time.askForPictures(...about);
const kind = KINDS[explorer.outputs]({ given, model, network, state, ask, askForPictures, say });
const { collection, measure, mistakes } = kind;

function pick(position, unit) {
  say("");
  state.change({ position, unit, part: null, open: opened(position) });
}

/** The numbers of the open blocks, with that of the layer at `position`. */
function opened(position, open = state.get().open) {
  const block = tower.blockOf(position);
  return block === undefined || open.includes(block) ? open : [...open, block];
}

const tower = createTower(byId("tower"), {
  model,
  ranges: explorer.ranges,
  lastCard: kind.lastCard,
  onpick(position, unit) {
    const tensor = valuesOf(shown)[position + first];
    pick(position, unit.row === undefined ? strongest(tensor, unit.channel) : indexIn(tensor.shape, unit));
  },
  ontoggle(position) {
    const now = new Set(state.get().folded);
    if (!now.delete(position)) now.add(position);
    state.change({ folded: [...now] });
  },
  onblock: (open) => state.change({ open }),
  onseen: oncePerFrame(() => complete()),
});
createFlow(byId("tower"));
state.change({ open: tower.atFirst() });
const overview = createOverview(byId("overview"), {
  model,
  explorer,
  onopen(position, at) {
    pick(position, at.row === undefined && shown.outputs[position] ? strongest(shown.outputs[position], at.channel) : indexIn(model.shapes[position + first], at));
    show("network");
    draw(); // at once: only what is seen can be scrolled to
    tower.reveal(position);
  },
  onmore(position) {
    state.change({ open: opened(position), folded: state.get().folded.filter((each) => each !== position) });
    show("network");
    draw();
    tower.reveal(position, { all: true });
  },
  onsilence: (position, channel) => changes.silence(position, channel, !state.get().off.get(position)?.includes(channel)),
});
const inspector = createInspector(byId("inspector"), {
  model,
  names: explorer.names,
  ranges: explorer.ranges,
  exciting: createExciting({ model, explorer, network, collection, state }),
  actions: {
    pick,
    close() {
      pick(-1, null);
      byId("tower").focus();
    },
    choosePart: (part) => state.change({ part }),
    walk: (unit, part) => state.change({ unit, part }),
    silence: changes.silence,
    edit: changes.edit,
    openLab: given.lab || isHosted() ? openLab : null,
  },
});
const beside = explorer.beside
  ? createBeside(byId("beside"), { given, kind, model, network, state, worker, say })
  : null;
const touch = createTouch(byId("touch"), {
  layers,
  explorer,
  measure,
  epoch: () => time.epoch(),
  ask,
  onreset() {
    changes.reset();
    byId("main").focus(); // the bar is gone, and the button with it
  },
});
const source = createSource(byId("source"), {
  collection,
  explorer,
  model,
  state,
  say,
  onimage: (tensors, { label }) => run(tensors, label),
});
const time = createTime(byId("time"), {
  given,
  layers,
  network,
  state,
  say,
  onweights: afterEpoch,
  onanswers: () => renderEvidence(),
  oncount(found) {
    mistakes?.count(found);
    sayFacts(found ?? explorer);
    source.show();
    if (state.get().view === "mistakes" && !state.get().cell) mistakes?.chooseFirst();
    renderMistakes();
  },
});
const live = createLive(byId("live"), { given, model, time, say });
const presentation = createPresentation(byId("present"), state);
createKeys(byId("keys"));
createSheet({ card: kind.lastCard(model, () => {}), main: model.main, shown: () => shown });
const notebook = createNotebookLink({ model, explorer, collection, state, shown: () => shown, pick, show, say });
const address = createAddressSync({ state, write: addressOf, read: fromAddress });
createShare({ state, address: () => addressOf(state.get()), title: explorer.title, say });
linkToGallery(explorer.gallery);
const sayFacts = createFacts(byId("facts"), { model, explorer, measure });
for (const view of VIEWS) byId(`view-${view}`).addEventListener("click", () => show(view));
byId("open-network").addEventListener("click", () => {
  show("network");
  byId("view-network").focus(); // the button itself is out of view now
});
const has = (image) => collection.find(image) >= 0;
const tour = createTour(byId("tour"), { state, model, explorer, network, offline: given.offline, exercises: given.exercises, opened, has, show, say, inspector, overview });

function show(view) {
  state.change({ view });
  if (view === "mistakes" && !state.get().cell) mistakes.chooseFirst();
}

// --- state -> network -> page

const render = oncePerFrame(draw);
const again = oncePerFrame(() => newest && run(newest.given, newest.label)); // not of the image before
const renderMistakes = oncePerFrame(() => state.get().view === "mistakes" && mistakes.render());
const renderEvidence = delayed(60, () => {
  if (state.get().view === "mistakes" && shown) mistakes.look(shown);
});

state.listen((now, before) => {
  if (["source", "image", "drawing"].some((name) => now[name] !== before[name])) {
    say(""); // what was said was about another image
    source.show();
    source.give();
  }
  if (now.off !== before.off || now.edits !== before.edits) {
    say("");
    changes.tell(now, before);
    again();
  }
  if (now.view !== before.view || now.cell !== before.cell || now.image !== before.image) renderMistakes();
  if (now.view !== before.view) renderEvidence();
  render();
});

async function run(given, label) {
  newest = { given, label };
  busy(+1);
  try {
    const outputs = await network.run(given, wanted());
    if (!outputs) return;
    const inputs = given.map(({ data, shape }) => ({ data, shape: imageShape(shape) ?? shape }));
    shown = { given, inputs, outputs, label, live: time.isNow() };
    if (starting) address.begin();
    starting = false; // what was said of the address stands until something is chosen
    draw();
    kind.verdict.render(shown);
    live.image(shown);
    renderEvidence();
  } catch (problem) {
    say(problem.message, "error");
  } finally {
    busy(-1);
  }
}

/** Says that a run is under way, or over. */
function busy(one) {
  underWay += one;
  for (const id of ["result", "evidence", "saliency"]) byId(id).setAttribute("aria-busy", String(underWay > 0));
}

/** The positions of the layers whose values are shown. */
function wanted() {
  const now = state.get();
  if (now.view === "overview") return overview.wanted();
  if (now.view !== "network") return [];
  return [...tower.wanted(), ...(now.unit === null ? [] : inspector.wanted(now.position))];
}

/** Gets the values that are to be shown and are not there yet. */
async function complete() {
  const own = shown;
  if (!own) return;
  try {
    if ((await network.fill(own.outputs, wanted())) && own === shown) render();
  } catch (problem) {
    say(problem.message, "error");
  }
}

function draw() {
  presentation.render();
  if (!shown) return;
  const now = state.get();
  for (const view of VIEWS) {
    byId(view).hidden = now.view !== view;
    byId(`view-${view}`).setAttribute("aria-pressed", String(now.view === view));
  }
  putSource(now.view);
  if (now.view === "overview") overview.render({ ...shown, off: now.off });
  if (now.view === "network") drawNetwork(now);
  if (now.view === "beside") beside.render(shown);
  if (now.view === "why") kind.why.render(shown);
  touch.render(now.off, now.edits);
  complete();
  tour.render(shown);
  notebook.tell();
  document.documentElement.dataset.ready = "true";
}

function drawNetwork(now) {
  if (!chosen) chooseSomething();
  const size = model.shapes[now.position + first]?.reduce((a, b) => a * b, 1) ?? 0;
  const unit = now.unit !== null && now.unit < size ? now.unit : null;
  tower.render({ ...shown, position: now.position, unit, off: now.off, folded: new Set(now.folded), open: now.open });
  inspector.render({ ...shown, position: now.position, unit, part: now.part, off: now.off });
  if (named === now.position) tower.bring(named);
  named = null;
}

/** The image's source stands in the view that is seen, and so does what the network says of it. */
function putSource(view) {
  const home = { overview: overview.slot, beside: beside?.slot, why: byId("why-source") }[view] ?? sourceHome;
  if (byId("source").parentElement !== home) home.prepend(byId("source"));
  const place = { overview: overview.result, why: home }[view] ?? sourceHome;
  if (result.parentElement !== place) place.append(result);
}

/** When the layers are seen for the first time, where there is room: the strongest value of the first convolution, whose few products come from the image. */
function chooseSomething() {
  const position = model.needed.find((each) => ["Conv2D", "Conv2DTranspose"].includes(layers[each].type));
  if (position !== undefined && !shown.outputs[position]) return; // it is on its way
  chosen = true;
  const wide = window.matchMedia("(min-width: 821px)").matches;
  if (position === undefined || shown.given[0].blank || state.get().unit !== null || !wide) return;
  state.change({ position, unit: strongestOfAll(shown.outputs[position]) });
}

// --- what is touched

/** Leaves for the filter lab, with a kernel and the map below it; the address here stays the way back. */
function openLab(position, part, unit) {
  const page = addressOf({ ...state.get(), part });
  const input = valuesOf(shown)[layers[position].inputs[0]];
  const { address: lab, reason } = toLab({ layer: layers[position], input, position, part, at: positionIn(shown.outputs[position].shape, unit), page });
  if (reason) {
    say(reason);
    return;
  }
  address.put(page);
  if (!goTo(lab)) say("This page sits in a frame that does not allow links. Open it in its own tab.");
}

/** The weights are those of another epoch. */
function afterEpoch() {
  changes.begin();
  return newest ? run(newest.given, newest.label) : source.give();
}

// --- beginning

byId("model-title").textContent = explorer.title;
byId("view-beside").hidden = !beside;
byId("view-mistakes").hidden = !mistakes || !explorer.labels;
byId("view-why").hidden = !kind.why;
byId("note").textContent = explorer.note;
sayFacts(explorer);
startTheme(byId("theme"), () => {
  render();
  renderMistakes();
  renderEvidence();
});
startSkipLink();
startTerms(document.body);
for (const title of ["why-title", "evidence-title"]) mark(byId(title));
await notebook.begin();
source.show();
address.follow();
if (!shown) source.give();
time.start().then(live.start);

function addressOf(told) {
  return writeAddress({ ...told, first, epoch: time.pinned(), openAtFirst: tower.atFirst(), foldedAtFirst: start.folded });
}

function fromAddress(text) {
  const has = { collection, number: changes.number, folded: start.folded, own: source.hasOwn() };
  const found = readAddress(text, first);
  const { patch, left } = restore(found, model, explorer, has);
  const open = opened(patch.position ?? -1, found.open ?? tower.atFirst());
  state.change({ view: start.view, pickA: null, pickB: null, foldedB: null, tour: found.tour ?? null, ...patch, open, epoch: time.meant(found.epoch) });
  named = patch.unit === undefined || patch.unit === null ? null : patch.position;
  if (left.length) say(`This page could not use everything in the address: ${left.join("; ")}.`);
}
