// The strip above the network while it learns: progress, loss, and what a person can do: pause, one batch, rate, stop.

import { h, select, setText } from "../../shared/dom.js";
import { readNumber } from "../../shared/number-field.js";
import { ask } from "../given.js";
import { endsInProbabilities } from "../prediction.js";
import { createSparkline } from "./sparkline.js";
import { createFetching, follow } from "./watching.js";
import { batchWords, changesWords, crossEntropy, epochWords, lossText, news, rateText, stateWords } from "./words.js";

const PACES = [["", "full speed"], [10, "10 batches/s"], [3, "3 batches/s"], [1, "1 batch/s"]]; // prettier-ignore
const SURE = 4000; // milliseconds in which a second press stops training

/**
 * The strip in `holder`, if Python trains meanwhile. `time` (time.js) takes the weights while the newest epoch is followed.
 */
export function createLive(holder, { given, model, time, say }) {
  const told = given.explorer.live;
  if (!told || given.offline) return { start() {}, image() {} };
  let status = null;
  let seen = null; // {epoch, batch} of the weights that the network has
  let look = () => {};

  const epoch = h("b");
  const batch = h("span", { class: "muted" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Batches of this epoch" });
  const state = h("p", { class: "note", id: "live-state" });
  const line = createSparkline();
  const own = h("p", { class: "note", id: "live-image", hidden: true });
  const go = h("button", { type: "button", id: "live-pause", class: "primary", onclick: () => act(status?.paused ? "resume" : "pause") }, "Pause"); // prettier-ignore
  const one = h("button", { type: "button", id: "live-one", onclick: () => act("one-batch") }, "One batch");
  const stop = h("button", { type: "button", id: "live-stop", onclick: stopIfSure }, "Stop");
  const rate = h("input", { type: "text", inputMode: "decimal", id: "live-rate", autocomplete: "off", spellcheck: false, onchange: setRate });
  const rateName = h("span", {}, "Learning rate");
  const times = (factor, text) => h("button", { type: "button", onclick: () => multiply(factor), "aria-label": `${text}: learning rate` }, text);
  const rates = h("div", { class: "rates" }, h("label", { class: "field" }, rateName, rate), times(0.5, "÷ 2"), times(2, "× 2"));
  const pace = select("Speed", PACES, (value) => act("pace", value === "" ? null : Number(value)), { id: "live-pace" });
  const changed = h("p", { class: "note", id: "live-changes" });
  const announced = h("p", { class: "visually-hidden", "aria-live": "polite", id: "live-news" });
  const controls = [h("div", { class: "row" }, go, one, stop), h("div", { class: "row settings" }, rates, pace.field)];
  const deeds = h("div", { class: "deeds" }, told.refusal ? h("p", { class: "note" }, told.refusal) : controls, changed);
  holder.append(h("div", { class: "progress" }, h("p", {}, epoch, " ", batch), bar, state, own), line.figure, deeds, announced);

  // --- what is shown

  function take(found) {
    const text = news(status, found);
    if (text) setText(announced, text);
    status = found;
    holder.hidden = found.stage === "ended";
    if (holder.hidden) return leave();
    setText(epoch, epochWords(found));
    setText(batch, found.epoch ? batchWords(found) : "");
    if (found.batches) bar.value = found.batch / found.batches;
    else bar.removeAttribute("value"); // nobody knows how many there will be
    holder.classList.toggle("paused", found.paused);
    setText(state, stateWords(found));
    setText(go, found.paused ? "Resume" : "Pause");
    one.disabled = !found.paused;
    for (const each of [go, stop]) each.disabled = found.stopping;
    const { learning_rate: now, factor } = found;
    setText(rateName, factor === null ? "Learning rate" : `Schedule × (rate now ${now === null ? "–" : rateText(now)})`);
    const shown = factor ?? now;
    if (document.activeElement !== rate && shown !== null) rate.value = rateText(shown);
    pace.control.value = PACES.some(([each]) => each === found.pace) ? String(found.pace) : "";
    setText(changed, changesWords(found.changes));
    line.render(found.curve);
    look(found.paused);
  }

  /** The strip goes: whoever had the focus in it goes on in the page. */
  function leave() {
    if (!holder.contains(document.activeElement)) return;
    document.querySelector("main").focus({ preventScroll: true });
  }

  function end() {
    holder.hidden = true;
    leave();
    if (status?.stopping) say(told.afterStop);
  }

  // --- what is done

  async function act(deed, value = null) {
    try {
      take(await ask("ask/live-control", { do: deed, value }));
      return true;
    } catch (problem) {
      say(problem.message, "error");
      return false;
    }
  }

  let sure = null;
  async function stopIfSure() {
    if (sure === null) {
      setText(stop, "Press again to stop");
      sure = setTimeout(unsure, SURE);
      return;
    }
    unsure();
    if (await act("stop")) say(told.afterStop);
  }

  function unsure() {
    clearTimeout(sure);
    sure = null;
    setText(stop, "Stop");
  }

  function setRate() {
    const found = readNumber(rate, "A learning rate is a number, but");
    if (found !== null) change(found);
  }

  const change = (value) => act(status.factor === null ? "rate" : "factor", value);
  const multiply = (by) => status && change((status.factor ?? status.learning_rate) * by);

  return {
    /** Begins to follow the training. */
    start() {
      document.documentElement.dataset.live = "";
      look = createFetching({
        show: time.takeNow,
        wanted: () => !document.hidden && time.follows() && !(time.isNow() && seen?.epoch === status.epoch && seen.batch === status.batch),
        onshown(moment) {
          seen = moment;
          holder.dataset.shown = `${moment.epoch} ${moment.batch}`;
        },
      });
      document.addEventListener("visibilitychange", () => status && look(true));
      follow({ onstatus: take, onend: end });
    },
    /** Says what the loss of the image is that a run was of: {outputs, label, given}. */
    image({ outputs, label, given: images }) {
      if (status && !time.isNow()) look(false); // the newest may be wanted again
      if (told.smoothing === null) return;
      const scores = outputs[model.main]?.data;
      own.hidden = label === null || images[0].blank || !(scores?.length > 1);
      if (own.hidden) return;
      const loss = crossEntropy(scores, label, endsInProbabilities(model), told.smoothing);
      if (own.firstChild) own.querySelector("b").textContent = lossText(loss);
      else own.append("Loss on this image ", h("b", {}, lossText(loss)));
    },
  };
}
