// A training that goes on, in words and numbers: how far it is, its smoothed loss, and the loss of one image.

import { number, plural } from "../../shared/format.js";

const WINDOWS = 20; // the smoothed curve takes the mean over a twentieth of all points
const UNDERFLOWN = 100; // a cross-entropy above it: single precision has no such small probability

/** "Epoch 2 of 5". */
export const epochWords = ({ epoch, epochs }) => (epoch ? `Epoch ${epoch}${epochs ? ` of ${epochs}` : ""}` : "Training begins");

/** "batch 412 of 1,875". */
export function batchWords({ batch, batches }) {
  const done = batch.toLocaleString("en");
  return batches ? `batch ${done} of ${batches.toLocaleString("en")}` : `batch ${done}`;
}

/** What is done now: how fast training is and what is left of the epoch, or what it waits for. */
export function stateWords(status) {
  const { stage, paused, standing, stopping, rate, left, pace, batch, batches } = status;
  if (stage === "ended") return "Training has ended";
  if (stopping) return "Stopping";
  if (stage === "evaluate") return "Classifying the validation images";
  if (paused) return standing ? "Paused" : "Pausing";
  if (pace) {
    const rest = batches ? ` · ${duration((batches - batch) / pace)} left` : "";
    return `At most ${plural(pace, "batch", "batches")}/s${rest}`;
  }
  const parts = [];
  if (rate) parts.push(`${Math.round(rate).toLocaleString("en")} images/s`);
  if (left !== null && left !== undefined) parts.push(`${duration(left)} left`);
  return parts.join(" · ") || "Training";
}

/** "0.4 s", "12 s", "3 min", "1 h 5 min". */
export function duration(seconds) {
  if (seconds < 9.95) return `${number(seconds, 1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  const rest = minutes % 60;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ""}`;
}

/** A learning rate as people write it: 0.001, 5e-5. */
export function rateText(rate) {
  const short = Number(rate.toPrecision(3));
  return (short !== 0 && short < 1e-4 ? short.toExponential() : String(short)).replaceAll("-", "−");
}

/** A loss with three digits that say something, and never 0 for what is not. */
export function lossText(loss) {
  if (loss === null || loss === undefined || Number.isNaN(loss)) return "–";
  if (loss >= UNDERFLOWN) return `> ${UNDERFLOWN}`;
  if (loss === 0 || loss >= 9.995) return loss === 0 ? "0" : loss.toFixed(1);
  if (loss >= 1) return loss.toFixed(2);
  return loss < 1e-4 ? loss.toExponential(1).replace("-", "−") : String(Number(loss.toPrecision(loss < 0.001 ? 2 : 3)));
}

/** How many points the smoothed curve takes together. */
export const windowOf = (points) => Math.max(1, Math.ceil(points.length / WINDOWS));

/**
 * The curve [batches since the beginning, mean loss of the stretch that ended there], smoothed: at each point the mean
 * over the batches of the last few. A stretch without a number counts as nothing.
 */
export function smoothed(points) {
  const size = windowOf(points);
  return points.map(([batch], at) => {
    let [sum, count] = [0, 0];
    for (let i = Math.max(0, at - size + 1); i <= at; i++) {
      const [end, loss] = points[i];
      if (loss === null) continue;
      const batches = end - (i ? points[i - 1][0] : 0);
      sum += loss * batches;
      count += batches;
    }
    return [batch, count ? sum / count : null];
  });
}

/**
 * The cross-entropy of one image: `scores` are what the network gives each class, probabilities or, if not, logits;
 * `smoothing` is how much of the label goes to all classes alike.
 */
export function crossEntropy(scores, label, probabilities, smoothing = 0) {
  const logs = probabilities ? logsOf(scores) : logSoftmax(scores);
  const share = smoothing / logs.length;
  return logs.reduce((sum, log, i) => {
    const target = share + (i === label ? 1 - smoothing : 0);
    return target ? sum - target * log : sum;
  }, 0);
}

/** Logarithms of probabilities. Near 1 the others say more exactly how much is missing. */
function logsOf(probabilities) {
  const all = Array.from(probabilities);
  return all.map((own, i) => {
    if (own <= 0.5) return Math.max(Math.log(own), -UNDERFLOWN);
    return Math.log1p(-all.reduce((sum, other, j) => (j === i ? sum : sum + other), 0));
  });
}

function logSoftmax(logits) {
  const all = Array.from(logits);
  const top = Math.max(...all);
  const total = Math.log(all.reduce((sum, each) => sum + Math.exp(each - top), 0));
  return all.map((each) => each - top - total);
}

/** What the page says of a change from one status to the next, for those who do not see it; "" for what goes without saying. */
export function news(before, now) {
  if (!before) return "";
  if (now.stopping && !before.stopping) return "Training stops.";
  if (now.changes.length !== before.changes.length || now.learning_rate === null) {
    const change = now.changes.at(-1);
    if (change) return `Learning rate ${rateText(change.after)}, from batch ${change.batch} of epoch ${change.epoch} on.`;
  }
  if (now.paused && !before.paused) return `Training is paused after ${batchWords(now)}.`;
  if (now.paused && before.paused && (now.batch !== before.batch || now.epoch !== before.epoch)) return `One more batch: ${batchWords(now)}.`;
  if (!now.paused && before.paused) return "Training continues.";
  return "";
}

/** How the learning rate was changed so far, in a sentence; "" where it was not. */
export function changesWords(changes) {
  if (!changes.length) return "";
  const last = changes.at(-1);
  const how = last.factor === undefined ? "" : ` (schedule × ${rateText(last.factor)})`;
  const where = `in epoch ${last.epoch} after batch ${last.batch.toLocaleString("en")}`;
  const times = changes.length === 1 ? "" : `${plural(changes.length, "change")}; the last: `;
  return `${times}${rateText(last.before)} → ${rateText(last.after)}${how} ${where}`;
}
