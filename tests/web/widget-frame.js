// A page in the frame of a notebook's widget, in a thread of its own: widget.test.js starts it.
import assert from "node:assert/strict";
import { STATIC } from "./support.js";

const view = (words) => new DataView(new TextEncoder().encode(words).buffer);

// The page's module believes that it is in a frame: its parent is this test.
const heard = [];
const listeners = [];
const parent = { postMessage: (message) => heard.push(message) };
globalThis.document = { documentElement: { dataset: { notebook: "" } }, querySelector: () => null };
globalThis.window = { parent, addEventListener: (_, listener) => listeners.push(listener), removeEventListener() {} };
const { begun, reach } = await import(new URL("shared/notebook.js", STATIC));
const { inAddress, keepInAddress } = await import(new URL("shared/session.js", STATIC));
const { createStep } = await import(new URL("shared/in-step.js", STATIC));
const { port1: host, port2 } = new MessageChannel();
const told = [];
host.on("message", (message) => {
  if (message.told) told.push(message.told);
  else host.postMessage({ id: message.id, ...(message.address === "bad" ? { problem: "gone" } : { answer: { status: 404, type: "text/plain", body: view(message.body ?? "none").buffer } }) }); // prettier-ignore
});
const until = async (condition) => {
  while (!condition()) await new Promise((done) => setTimeout(done, 5));
};
listeners[0]({ source: {}, data: {}, ports: [port2] }); // from somebody else: not heard
listeners[0]({ source: parent, data: { theme: "dark", state: { address: "image=3", image: 3, map: null } }, ports: [port2] });

{
  // Tells that it begins, and takes over what its widget has.
  assert.deepEqual(heard, ["convoscope: begun"]);
  assert.equal((await begun).theme, "dark");
  assert.equal(inAddress(), "image=3");
  keepInAddress("image=4");
  assert.equal(inAddress(), "image=4");
  await until(() => told.length);
  assert.deepEqual(told.splice(0), [{ address: "image=4" }]);
}

{
  // Asks its widget as a server.
  const response = await reach("ask/a", { method: "POST", body: "{}" });
  assert.deepEqual([response.ok, response.status, await response.text()], [false, 404, "{}"]);
  await assert.rejects(reach("bad"), /gone/);
}

{
  // It and Python hear of what is new, and not of what they said themselves.
  let state = { image: 0, map: 5 };
  const applied = [];
  const step = createStep({
    wanted: ["image", "map"],
    describe: () => state,
    apply(news) {
      applied.push(news);
      state = { ...state, ...news, map: news.image === undefined ? news.map : 7 };
    },
  });
  step.begin((await begun).state);
  step.tell();
  await until(() => told.length);
  assert.deepEqual(applied.splice(0), [{ image: 3 }]); // what was set before the page was there comes first
  assert.deepEqual(told.splice(0), [{ map: 7 }]); // Python knows of the image
  host.postMessage({ wanted: { image: 3, map: 7 } }); // what the page told, come back
  host.postMessage({ wanted: { image: 3, map: 2 } });
  await until(() => applied.length === 2);
  assert.deepEqual(applied.splice(0), [{}, { map: 2 }]);
  state = { image: 9, map: 2 }; // a person chooses
  step.tell();
  await until(() => told.length);
  assert.deepEqual(told.splice(0), [{ image: 9 }]);
  host.close();
}
