// A training that is watched within the epoch: its words, its smoothed loss, the loss of one image, and when weights are fetched.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const words = await load("explorer/live/words.js");
const { scaleOf } = await load("explorer/live/sparkline.js");
const { createFetching } = await load("explorer/live/watching.js");

const near = (a, b, tolerance = 1e-12) => assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${a} is not ${b}`);
const status = { stage: "train", epoch: 2, epochs: 5, batch: 1, batches: 1875, rate: 15300.4, left: 3.04, pace: null, paused: false, stopping: false, changes: [], learning_rate: 0.001, factor: null }; // prettier-ignore

describe("words", () => {
  test("say how far it is and what it does", () => {
    assert.equal(words.epochWords(status), "Epoch 2 of 5");
    assert.equal(words.batchWords(status), "batch 1 of 1,875");
    assert.equal(words.batchWords({ batch: 1200, batches: null }), "batch 1,200");
    assert.equal(words.stateWords(status), "15,300 images/s · 3 s left");
    assert.equal(words.stateWords({ ...status, pace: 10, batch: 1825 }), "At most 10 batches/s · 5 s left");
    assert.equal(words.stateWords({ ...status, paused: true, standing: true }), "Paused");
    assert.equal(words.stateWords({ ...status, paused: true, standing: false }), "Pausing");
    assert.equal(words.stateWords({ ...status, stage: "evaluate" }), "Classifying the validation images");
  });

  test("write numbers with digits that say something", () => {
    assert.deepEqual([0.44, 12.4, 99.6, 3599, 3900].map(words.duration), ["0.4 s", "12 s", "2 min", "1 h", "1 h 5 min"]);
    assert.deepEqual([0.001, 0.00012, 5e-5, 0, 0.0123456].map(words.rateText), ["0.001", "0.00012", "5e−5", "0", "0.0123"]);
    assert.deepEqual([0, 2.345, 0.0403, 6.7e-4, 3.21e-6, 12.34, 1e3, null].map(words.lossText), ["0", "2.35", "0.0403", "0.00067", "3.2e−6", "12.3", "> 100", "–"]); // prettier-ignore
  });

  test("tell only what has changed", () => {
    const paused = { ...status, paused: true };
    assert.equal(words.news(null, status), "");
    assert.equal(words.news(status, { ...status, batch: 9 }), "");
    assert.equal(words.news(status, paused), "Training is paused after batch 1 of 1,875.");
    assert.equal(words.news(paused, { ...paused, batch: 2 }), "One more batch: batch 2 of 1,875.");
    assert.equal(words.news(paused, status), "Training continues.");
    const change = { epoch: 2, batch: 1, before: 0.001, after: 0.002 };
    assert.equal(words.news(paused, { ...paused, changes: [change] }), "Learning rate 0.002, from batch 1 of epoch 2 on.");
    assert.equal(words.changesWords([change]), "0.001 → 0.002 in epoch 2 after batch 1");
    assert.equal(words.changesWords([change, { ...change, before: 0.002, after: 0.0005, factor: 0.5 }]), "2 changes; the last: 0.002 → 0.0005 (schedule × 0.5) in epoch 2 after batch 1"); // prettier-ignore
  });
});

describe("curves", () => {
  test("smoothed is the mean over the batches of the last points", () => {
    const points = Array.from({ length: 40 }, (_, i) => [2 * i + 2, i]); // two batches each
    assert.equal(words.windowOf(points), 2);
    assert.deepEqual(words.smoothed(points).slice(0, 3), [[2, 0], [4, 0.5], [6, 1.5]]); // prettier-ignore
    const uneven = [...points.slice(0, 39), [points[38][0] + 6, 100]]; // the last of six batches
    near(words.smoothed(uneven).at(-1)[1], (38 * 2 + 100 * 6) / 8);
    assert.deepEqual(words.smoothed([[1, null], [2, 3]]), [[1, null], [2, 3]]); // prettier-ignore
  });

  test("the axis begins at 0 once the curve has come half the way", () => {
    assert.equal(scaleOf([2.3, 0.4]).bottom, 0);
    const close = scaleOf([2.3, 2.1]);
    assert.ok(close.bottom > 2 && close.bottom < 2.1 && close.top > 2.3);
    assert.deepEqual(scaleOf([]), { bottom: 0, top: 1 });
    assert.ok(scaleOf([0.5]).top > scaleOf([0.5]).bottom);
  });
});

describe("the cross-entropy of one image", () => {
  // By NumPy: -log(softmax([1, 2, 4]))[1], the same with label smoothing 0.1, and -log1p(-float32(1e-7))
  const logits = [1, 2, 4];
  const total = logits.reduce((sum, each) => sum + Math.exp(each), 0);
  const probabilities = logits.map((each) => Math.exp(each) / total);

  test("is that of logits and of probabilities", () => {
    near(words.crossEntropy(logits, 1, false), 2.169846019556285);
    near(words.crossEntropy(probabilities, 1, true), 2.169846019556285);
    near(words.crossEntropy(logits, 1, false, 0.1), 2.1365126862229515);
  });

  test("is exact where the answer is nearly sure, and bounded where it is nearly impossible", () => {
    const sure = Float32Array.from([1 - 1e-7, 1e-7, 0]);
    near(1e7 * words.crossEntropy(sure, 0, true), 1.000000061686102);
    assert.equal(words.crossEntropy(Float32Array.from([1, 0]), 1, true), 100);
  });
});

describe("weights", () => {
  test("are fetched one after the other, and again where they were wanted meanwhile", async (t) => {
    let [asked, open] = [0, null];
    const header = new TextEncoder().encode('{"epoch":1,"batch":7}');
    const body = new Uint8Array([header.length, 0, 0, 0, ...header, 42]);
    t.mock.method(globalThis, "fetch", async () => {
      asked++;
      return { ok: true, arrayBuffer: async () => body.buffer };
    });
    const shown = [];
    const show = (file) => new Promise((done) => (open = () => done(shown.push(new Uint8Array(file)[0]) > 0)));
    const look = createFetching({ show, wanted: () => shown.length < 2, onshown: ({ batch }) => shown.push(batch) });
    const first = look(true);
    while (!open) await new Promise((done) => setTimeout(done, 1));
    look(true); // while the first is on its way
    look(true);
    assert.equal(asked, 1);
    open();
    await first;
    assert.deepEqual(shown, [42, 7]);
    await look(true); // no longer wanted
    assert.equal(asked, 1);
  });
});
