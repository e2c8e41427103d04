// The page's side of a model: promises in front of its worker, or of the same service in the page itself.

import { Service } from "./service.js";
import { throughWorker } from "./client.js";
import { newestOnly } from "./newest.js";

const MANY = ["scores", "pull", "peaks"]; // tasks that come one after the other, for seconds

/** `worker`: the address of network-worker.js; null computes in the page, for a file from disk has no worker. */
export async function openNetwork(buffer, worker) {
  const post = worker ? throughWorker(worker, inPage) : inPage();
  await post({ task: "open", buffer });
  let changes = [];
  let weights = null;
  let sent = []; // the values of the inputs that are known there
  const runs = newestOnly((inputs) => {
    const due = { changes, weights, inputs: inputs.map((input, i) => (input.data === sent[i] ? null : input)) };
    [changes, weights, sent] = [[], null, inputs.map(({ data }) => data)];
    return post({ task: "run", ...due });
  });

  return {
    /** What is to be different from the next run on. */
    change: (change) => changes.push(change),
    /** Other weights from the next run on: a file of the same model (ArrayBuffer). Numbers changed before are forgotten. */
    replace(file) {
      weights = file;
      changes = changes.filter(({ weight }) => weight === undefined);
    },
    /** Every layer's output for inputs; null where a newer run was asked for before this one had begun. */
    run: runs.ask,
    /** All outputs are there: none has to be waited for. */
    fill: async () => false,
    /** Evidence maps: {position, classes, method, trained, seed}, for the inputs of the last run; seed: of random weights. */
    evidence: (asked) => post({ task: "evidence", ...asked }),
    /** Gradients of scores by an input: {classes, input, trained, seed}, for the inputs of the last run. */
    saliency: (asked) => post({ task: "saliency", ...asked }),
    /** The main output for each of some images. */
    scores: (images) => post({ task: "scores", images }),
    /** One value for an image, and its gradient by the image: {position, unit, image}. */
    pull: (asked) => post({ task: "pull", ...asked }),
    /** The largest value of a channel in each image, and where: {position, channel, images}. */
    peaks: (asked) => post({ task: "peaks", ...asked }),
  };
}

function inPage() {
  const service = new Service();
  return async (message) => {
    if (MANY.includes(message.task)) await new Promise((done) => setTimeout(done)); // the page is drawn and heard in between
    return service.answer(message).outputs;
  };
}
