// Follows a training that Python does: how it stands as soon as that changes, and its weights as often as they can be shown.

import { ask } from "../given.js";

const APART = 250; // milliseconds between two questions, while training runs
const PATIENCE = 5; // questions that nobody answers until Python is taken to have ended
const RETRY = 1000;
const SHOWN_APART = 250; // milliseconds between weights, at least,
const SHARE = 4; // and this many times as long as they take to be shown

/** Asks again and again; `onstatus(status)` hears each answer, `onend()` that nobody answers any more. */
export async function follow({ onstatus, onend }) {
  let [version, missed] = [-1, 0];
  for (;;) {
    const status = await ask("ask/live", { after: version }).catch(() => null);
    if (status === null) {
      if (++missed >= PATIENCE) return onend();
      await rest(RETRY);
      continue;
    }
    [version, missed] = [status.version, 0];
    onstatus(status);
    if (status.stage === "ended") return null;
    if (!status.paused) await rest(APART); // while it is paused Python answers when something happens
  }
}

/**
 * Fetches weights. `show(file, moment)` gives them to the network and resolves when their results are seen; `wanted()` says
 * whether they are wanted, `onshown(moment)` hears {epoch, batch} of what is seen. Returns `look(isUrgent)`: there may
 * be other weights.
 */
export function createFetching({ show, wanted, onshown }) {
  let [busy, again, timer, next] = [false, false, null, 0];

  return async function look(isUrgent) {
    if (busy) {
      again = isUrgent || again;
      return;
    }
    if (!wanted()) return;
    const wait = isUrgent ? 0 : next - performance.now();
    if (wait > 0) {
      timer ??= setTimeout(() => {
        timer = null;
        look(false);
      }, wait);
      return;
    }
    busy = true;
    const begun = performance.now();
    try {
      const found = await weights();
      if (found && wanted() && (await show(found.file, found.moment))) onshown(found.moment);
    } finally {
      next = performance.now() + Math.max(SHOWN_APART, SHARE * (performance.now() - begun));
      busy = false;
    }
    if (again) {
      again = false;
      look(true);
    }
  };
}

/** The weights of this moment: {moment: {step, epoch, batch}, file}; null if they are not available. */
async function weights() {
  const response = await fetch("ask/live-weights", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  }).catch(() => null);
  if (!response?.ok) return null;
  const buffer = await response.arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const moment = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { moment, file: buffer.slice(4 + length) };
}

const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
