// A queue with room for one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { STATIC } from "./support.js";

const { newestOnly } = await import(new URL("engine/newest.js", STATIC));

/** Work that lasts until the test ends it: `begun` are the requests that it was given. */
function byHand() {
  const begun = [];
  const work = (request) => new Promise((resolve, reject) => begun.push({ request, resolve, reject }));
  return { begun, ...newestOnly(work) };
}

test("of the requests that wait only the newest is done", async () => {
  const { begun, ask } = byHand();
  const [first, second, third] = [ask("a"), ask("b"), ask("c")];
  assert.equal(await second, null);
  begun[0].resolve("A");
  assert.equal(await first, "A");
  begun[1].resolve("C");
  assert.equal(await third, "C");
  assert.deepEqual(
    begun.map(({ request }) => request),
    ["a", "c"],
  );
});

test("what is dropped is not done, and what is under way is", async () => {
  const { begun, ask, drop } = byHand();
  const [first, second] = [ask("a"), ask("b")];
  drop();
  assert.equal(await second, null);
  begun[0].resolve("A");
  assert.equal(await first, "A");
  assert.equal(begun.length, 1);
});

test("an error goes to who asked, and the next request is done", async () => {
  const { begun, ask } = byHand();
  const [first, second] = [ask("a"), ask("b")];
  begun[0].reject(new RangeError("too big"));
  await assert.rejects(first, /too big/);
  begun[1].resolve("B");
  assert.equal(await second, "B");
});

test("work that fails before it has a promise is an error of who asked", async () => {
  const { ask } = newestOnly(() => {
    throw new TypeError("no worker");
  });
  await assert.rejects(ask("a"), /no worker/);
  await assert.rejects(ask("b"), /no worker/);
});
