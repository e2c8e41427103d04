// The page's side of the engine: promises in front of the worker, or of the same program in the page itself.

import { newestOnly } from "./newest.js";
import { Program } from "./program.js";

/**
 * An engine: `load(tensor)` hands the input over, `run(steps)` resolves to every step's output.
 *
 * A run that was overtaken, by a newer one or by a new input, resolves to null. `worker` is the address of worker.js;
 * null computes in the page, for a file from disk has no worker. Where the browser or the page's policy allows none, the
 * page computes as well.
 */
export function createEngine(worker) {
  const post = worker ? throughWorker(worker, inPage) : inPage();
  let known = []; // the outputs of the last run: the worker sends only what is new
  const runs = newestOnly(async (steps) => {
    known = (await post({ run: steps })).map((output, i) => output ?? known[i]);
    return known;
  });

  return {
    load(input) {
      runs.drop(); // it was meant for the input before
      return post({ load: input });
    },
    run: runs.ask,
  };
}

/**
 * Sends messages to a module worker; each resolves to the outputs of its answer. `inPage` makes what answers them in the
 * page itself, for a worker that cannot be started.
 */
export function throughWorker(address, inPage) {
  const open = new Map(); // id -> {message, resolve, reject}
  let last = 0;
  let started = false;
  let here = null;
  let worker = null;
  const doHere = () => {
    here = inPage();
    for (const { message, resolve, reject } of open.values()) here(message).then(resolve, reject);
    open.clear();
  };
  try {
    worker = new Worker(address, { type: "module" });
  } catch {
    doHere(); // a frame without an origin
  }
  worker?.addEventListener("message", ({ data: { id, outputs, error } }) => {
    started = true;
    const { resolve, reject } = open.get(id);
    open.delete(id);
    if (error === undefined) resolve(outputs);
    else reject(new RangeError(error));
  });
  worker?.addEventListener("error", (event) => {
    if (!started && !here) return doHere(); // a policy that forbids workers
    for (const { reject } of open.values()) reject(new Error(`the engine stopped: ${event.message}`));
    open.clear();
  });
  return (message) =>
    here
      ? here(message)
      : new Promise((resolve, reject) => {
          open.set(++last, { message, resolve, reject });
          worker.postMessage({ id: last, ...message });
        });
}

function inPage() {
  const program = new Program();
  return async ({ load, run }) => {
    if (load) program.load(load);
    return run ? program.run(run) : [];
  };
}
