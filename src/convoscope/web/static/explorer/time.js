// Time: the epochs of the training. Choosing one gives the network its weights; while training goes on they arrive.

import { readModel } from "../engine/model.js";
import { takeWeights } from "../engine/weights.js";
import { delayed, h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { reach } from "../shared/notebook.js";
import { createCurves, gapWords, nearestTo, positionsOf } from "./curves.js";
import { ask, askForPictures, bytes, untilCalm } from "./given.js";
import { termed } from "./terms.js";
import { createFold } from "./time-fold.js";
import { percent } from "./words.js";

const POLL = 1000; // milliseconds
const ROOM = 2e8; // bytes of weights that stay in memory
const PATIENCE = 5; // times that nobody answers until Python is taken to have ended
const WHOLE = 12000; // milliseconds to play all epochs in, as far as each gets
const [QUICKEST, SLOWEST] = [120, 800];
const NOW = "now"; // in place of an epoch: the weights of a moment within the one that is trained

/**
 * The panel in `holder`. `state` has `epoch`: null is the model as it was opened. `onweights()` hears that `layers` and
 * the network have other weights and resolves when their results are shown; `oncount(found)` hears what the chosen
 * epoch takes the test images for: {confusion, accuracy, predicted}, {problem} or null for the model as it was opened;
 * `onanswers()` hears that Python has ended training and answers again.
 */
export function createTime(holder, { given, layers, network, state, say, onweights, oncount, onanswers }) {
  const { explorer } = given;
  const opened = given.buffer.slice(0); // numbers are edited in the buffer itself
  const files = new Map(); // epoch -> its weights
  const counts = new Map(); // epoch -> what it takes the images for
  let told = { epochs: [], snapshots: [], own: null, training: false, live: false, why: "" };
  let positions = [];
  let loaded = null; // the epoch whose weights the network has, or NOW
  let asked = 0;
  let moment = null; // {epoch, batch} of the weights that are NOW
  let following = false;
  let playing = null;

  const play = h("button", { type: "button", id: "play", onclick: () => (playing ? pause() : start()) }, "Play");
  const slider = h("input", { type: "range", id: "epoch", min: "0", step: "1", "aria-label": "Epoch", oninput: () => choose(positions[slider.valueAsNumber]) }); // prettier-ignore
  const words = h("p", { id: "epoch-words" });
  const note = h("p", { class: "note", id: "time-note" });
  const charts = h("div", { class: "curves" });
  const curves = createCurves(charts, (epoch) => choose(nearestTo(positions, epoch)));
  const scrubber = h("div", { class: "transport" }, h("div", { class: "row" }, play, slider));
  const fold = createFold(holder, words, [h("div", { class: "scrubber" }, scrubber, note), charts]);
  slider.addEventListener("pointerdown", pause);
  slider.addEventListener("keydown", pause);

  const chosen = () => state.get().epoch ?? told.own ?? positions.at(-1);
  const choose = (epoch) => state.change({ epoch: epoch === told.own ? null : epoch });
  /** Whether the newest is followed, and more is to come. */
  const follows = () => following && told.training;
  /** The epoch whose weights are wanted, null for the model's own. */
  const wanted = () => (told.snapshots.length ? state.get().epoch : null);

  // --- showing

  function render() {
    scrubber.hidden = !positions.length;
    holder.hidden = scrubber.hidden;
    if (scrubber.hidden) return;
    const now = chosen();
    const last = told.epochs.at(-1)?.epoch ?? 0;
    const end = told.training ? Math.max(last, told.planned ?? 0) : Math.max(last, positions.at(-1));
    slider.max = String(positions.length - 1);
    slider.valueAsNumber = Math.max(0, positions.indexOf(now));
    slider.disabled = play.disabled = positions.length < 2;
    const here = told.epochs.find(({ epoch }) => epoch === now);
    const share = here?.val_accuracy ?? here?.accuracy;
    const said = loaded === NOW ? `In epoch ${moment.epoch} of ${end}, after batch ${moment.batch.toLocaleString("en")}` : now === 0 ? "Before training" : `After epoch ${now} of ${end}`;
    const own = state.get().epoch === null && told.own === null ? ": the model as it was opened" : "";
    if (words.textContent !== said + own) words.replaceChildren(h("b", {}, termed(said)), own); // else a word keeps the focus
    words.firstChild.classList.toggle("live", told.training);
    slider.setAttribute("aria-valuetext", `${said}${share === undefined ? "" : `, accuracy ${percent(share)}`}`);
    const more = loaded === NOW ? "" : told.training ? `Training: epoch ${Math.min(last + 1, end)} of ${end}.` : told.why;
    note.textContent = [more, gapWords(told.epochs, now)].filter(Boolean).join(" ");
    if (told.epochs.length) curves.render({ epochs: told.epochs, chosen: now, first: Math.min(positions[0], told.epochs[0].epoch), last: end }); // prettier-ignore
    charts.hidden = !told.epochs.length;
  }

  // --- weights and what is counted with them

  async function load() {
    const epoch = wanted();
    const own = ++asked;
    holder.setAttribute("aria-busy", String(epoch !== loaded));
    if (epoch === loaded || (loaded === NOW && follows())) return holder.setAttribute("aria-busy", "false");
    try {
      const file = await weightsOf(epoch);
      if (own !== asked) return; // another epoch was chosen meanwhile
      takeWeights(layers, readModel(file).layers);
      network.replace(file);
      loaded = epoch;
      render();
      await onweights();
      count();
    } catch (problem) {
      if (own !== asked) return;
      if (loaded !== NOW) state.change({ epoch: loaded });
      say(problem.message, "error");
    }
    if (own === asked) holder.setAttribute("aria-busy", "false");
  }

  /** Gives the network the weights of a moment {epoch, batch}, if the newest is followed; resolves to whether it has them. */
  async function takeNow(file, at) {
    if (!follows()) return false;
    asked++; // an epoch that is on its way comes too late
    takeWeights(layers, readModel(file).layers);
    network.replace(file);
    const before = loaded;
    [loaded, moment] = [NOW, at];
    holder.setAttribute("aria-busy", "false");
    render();
    await onweights();
    if (before !== NOW) count(); // nobody has counted its mistakes
    return true;
  }

  async function weightsOf(epoch) {
    if (epoch === null) return opened;
    const file = files.get(epoch) ?? (await fetched(epoch));
    files.set(epoch, file);
    if (files.size * file.byteLength > ROOM) files.delete(files.keys().next().value);
    return file;
  }

  async function fetched(epoch) {
    if (given.offline) return bytes(given.snapshots[epoch]);
    const response = await reach(`data/epochs/${epoch}.safetensors`);
    if (!response.ok) throw new Error(await response.text());
    return response.arrayBuffer();
  }

  /** Asks the running Python about the epoch that is shown; while it trains itself it is left alone. */
  const asking = (send) => async (address, question) => {
    if (told.live && (told.training || loaded === NOW)) {
      throw new Error("Python is training, and will respond when training ends.");
    }
    return send(address, { ...question, epoch: loaded });
  };
  const askNow = asking(ask);

  const count = delayed(200, async () => {
    const epoch = loaded;
    if (epoch === NOW && !told.training) return; // the last epoch's weights are on their way
    if (epoch === null && !explorer.asks.includes("count")) return oncount(null);
    if (!explorer.asks.includes("epoch")) return oncount({ problem: "Only a running Python program can count the mistakes of an epoch." });
    try {
      const found = counts.get(epoch) ?? (await counted(epoch));
      if (epoch !== loaded) return;
      counts.set(epoch, found);
      oncount(found);
    } catch (problem) {
      if (epoch === loaded) oncount({ problem: problem.message });
    }
  });

  /** What Python counts. Where that takes long it counts on whenever it is asked, as long as the epoch is shown. */
  async function counted(epoch) {
    let said = -Infinity;
    for (;;) {
      const found = await askNow("ask/epoch", {});
      if (found.total === undefined || epoch !== loaded) return found; // another epoch was chosen meanwhile
      if (performance.now() > said + POLL) {
        said = performance.now();
        oncount({ problem: `Classifying the images: ${found.done.toLocaleString("en")} of ${found.total.toLocaleString("en")} so far.` });
      }
      await untilCalm();
    }
  }

  // --- playing

  function start() {
    if (chosen() === positions.at(-1)) choose(positions[0]);
    play.textContent = "Pause";
    const pace = Math.max(QUICKEST, Math.min(SLOWEST, WHOLE / positions.length));
    playing = setInterval(() => {
      const next = positions[positions.indexOf(chosen()) + 1];
      if (next === undefined) pause();
      else if (holder.getAttribute("aria-busy") !== "true") choose(next);
    }, pace);
  }

  function pause() {
    clearInterval(playing);
    playing = null;
    play.textContent = "Play";
  }

  // --- what is known of the epochs, and what is new

  function take(found) {
    const before = told;
    told = found;
    positions = positionsOf(told);
    if (told.training && !before.training) fold.open();
    if (following && chosen() !== positions.at(-1)) choose(positions.at(-1));
    if (before.training && !told.training) {
      following = false;
      state.change({}); // the address now says the epoch
      say(`Training has ended after ${plural(told.epochs.length, "epoch")}.`);
      load();
      count();
      onanswers();
    }
    render();
  }

  /** Asks the server for the epochs; whether it answered. */
  async function learn() {
    const response = await reach("data/epochs.json").catch(() => null);
    if (response && !response.ok) throw new Error(await response.text());
    if (response) take(await response.json());
    return response !== null;
  }

  async function poll(missed) {
    if (!document.hidden) missed = (await learn()) ? 0 : missed + 1;
    if (missed >= PATIENCE) {
      told = { ...told, training: false, why: "The training program has ended. The epochs received so far stay here." };
      following = false;
      render();
    } else if (told.training) {
      pollLater(missed);
    }
  }

  const pollLater = (missed) =>
    setTimeout(() => poll(missed).catch((problem) => say(problem.message, "error")), POLL);

  state.listen((now, before) => {
    if (now.epoch === before.epoch || !positions.length) return;
    following = told.training && chosen() === positions.at(-1);
    render();
    load();
  });

  return {
    /** Learns of the epochs; then the epoch that the state names is shown. */
    async start() {
      try {
        if (given.offline) take({ ...told, ...given.epochs });
        else await learn();
      } catch (problem) {
        say(problem.message, "error");
      }
      if (told.training) pollLater(0);
      const { epoch } = state.get();
      if (epoch !== null) fold.open();
      if (epoch !== null && !positions.includes(epoch)) {
        say(`The weights of epoch ${epoch} were not kept.`);
        state.change({ epoch: null });
      }
      following = told.training && (epoch === null || chosen() === positions.at(-1));
      if (positions.length && (following || (told.live && epoch === null))) choose(positions.at(-1));
      render();
      load();
      if (wanted() === null && explorer.asks.includes("count")) count();
    },
    /** The epoch whose weights the network has: null for the model as it was opened. */
    epoch: () => loaded,
    /** Whether it has the weights of a moment within an epoch. */
    isNow: () => loaded === NOW,
    follows,
    takeNow,
    ask: askNow,
    askForPictures: asking(askForPictures),
    /** What the address says of the epoch: nothing while the newest is followed. */
    pinned: () => (following ? null : state.get().epoch),
    /** What is meant by an address that says this, or nothing, of the epoch. */
    meant: (epoch) => epoch ?? (following || told.live ? state.get().epoch : null),
  };
}
