// A widget's two sides without a notebook: questions to a kernel that is busy or has ended, and who hears of what.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, mock, test } from "node:test";
import { Worker } from "node:worker_threads";
import { STATIC } from "./support.js";

const { createAsker } = await import(new URL("widget/asking.js", STATIC));

/** anywidget's model: what is sent to the kernel stays in `sent`. */
function modelOf(state) {
  const listeners = new Map();
  const sent = [];
  return {
    sent,
    get: (name) => state[name],
    send: (message, _, buffers) => sent.push({ ...message, buffers }),
    on: (name, listener) => listeners.set(name, listener),
    off: (name) => listeners.delete(name),
    trigger: (name, ...values) => listeners.get(name)?.(...values),
    listeners,
  };
}

const text = (buffer) => new TextDecoder().decode(buffer);
const view = (words) => new DataView(new TextEncoder().encode(words).buffer);

/** An asker with time that is turned by hand; what it says of silence is in `said`. */
function started(state = {}) {
  mock.timers.enable({ apis: ["setInterval"] });
  let now = 0;
  mock.method(performance, "now", () => now);
  const model = modelOf(state);
  const said = [];
  const asker = createAsker(model, (silent) => said.push(silent));
  const wait = (milliseconds) => {
    for (const end = now + milliseconds; now < end; ) {
      now += 500;
      mock.timers.tick(500);
    }
  };
  const end = () => {
    asker.close();
    mock.timers.reset();
    mock.restoreAll();
  };
  const answer = (asked, words, status = 200) => model.trigger("msg:custom", { kind: "answer", id: asked.id, status, type: "text/plain" }, [view(words)]);
  return { asker, model, said, wait, end, answer };
}

describe("what a page asks of the kernel", () => {
  test("is answered by number, and what the widget has with it without the kernel", async () => {
    const { asker, model, answer, end } = started({ _given: { "data/x": view("mine") } });
    assert.equal(text((await asker.ask({ address: "data/x", method: "GET" })).body), "mine");
    assert.deepEqual(model.sent.map(({ method }) => method), ["HELLO"]);
    const first = asker.ask({ address: "ask/a", method: "POST", body: "{}" });
    const second = asker.ask({ address: "ask/b", method: "POST", body: "[]" });
    const [, one, other] = model.sent;
    assert.equal(text(one.buffers[0]), "{}");
    answer(other, "b", 404);
    answer(one, "a");
    answer(one, "again"); // another view's widget may hear it too
    assert.deepEqual([(await first).status, text((await first).body)], [200, "a"]);
    assert.deepEqual([(await second).status, text((await second).body)], [404, "b"]);
    end();
    assert.deepEqual([...model.listeners.keys()], []);
  });

  test("waits for a kernel that is busy, and that is said", async () => {
    const { asker, model, said, wait, answer, end } = started();
    answer(model.sent[0], "");
    const asked = asker.ask({ address: "ask/a", method: "POST", body: "{}" });
    wait(3500);
    assert.deepEqual(said, []);
    wait(200000);
    assert.deepEqual(said, [true]);
    answer(model.sent[1], "late");
    assert.equal(text((await asked).body), "late");
    assert.deepEqual(said, [true, false]);
    end();
  });

  test("is given up where the kernel has ended, but not what the page begins with", async () => {
    const { asker, model, said, wait, answer, end } = started();
    answer(model.sent[0], "");
    let begun = false;
    asker.ask({ address: "data/x", method: "GET" }).then(() => (begun = true));
    const asked = asker.ask({ address: "ask/a", method: "POST", body: "{}" });
    model.trigger("comm_live_update");
    wait(5000);
    await assert.rejects(asked, /run this cell of the notebook again/);
    assert.deepEqual(said, [true]);
    answer(model.sent[1], "there after all");
    await new Promise((done) => setImmediate(done));
    assert.ok(begun);
    assert.deepEqual(said, [true, false]);
    end();
  });

  test("is refused at once where the notebook cannot send", async () => {
    const { asker, model, said, end } = started();
    model.send = () => {
      throw new Error("Cannot send");
    };
    await assert.rejects(asker.ask({ address: "ask/a", method: "POST", body: "{}" }), /run this cell/);
    assert.deepEqual(said, [true]);
    end();
  });
});

// In a thread, because the page's modules ask once, when they are loaded, whether they are in a frame.
test("a page in a widget's frame", async () => {
  const frame = new Worker(new URL("widget-frame.js", import.meta.url), { execArgv: [] });
  const [status] = await once(frame, "exit"); // an error in it is one here
  assert.equal(status, 0);
});
