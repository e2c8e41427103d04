// The parts of the page that teaches which need no browser: pictures on their way, and what was dropped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { STATIC } from "./support.js";

const { byClass, classOf, isPicture } = await import(new URL("teach/files.js", STATIC));
const { likelihood, percent } = await import(new URL("teach/live.js", STATIC));
const { createSending } = await import(new URL("teach/sending.js", STATIC));
const { Unreachable, createServer } = await import(new URL("teach/server.js", STATIC));

const { distanceAndEnergy, outlying } = await import(new URL("engine/rejection.js", STATIC));

const soon = () => new Promise((go) => setTimeout(go, 0));
async function until(condition) {
  for (let i = 0; i < 1000 && !condition(); i++) await soon();
  assert.ok(condition());
}

function queue(send) {
  const told = { sent: [], refused: [], pauses: [] };
  const sending = createSending({
    send,
    onsent: (picture, id) => told.sent.push([picture, id]),
    onrefused: (picture, why) => told.refused.push([picture, why]),
    onchange: () => {},
    wait: async (ms) => void told.pauses.push(ms),
  });
  return { sending, told };
}

test("all pictures arrive, a few at a time", async () => {
  let active = 0;
  let most = 0;
  const { sending, told } = queue(async (picture) => {
    most = Math.max(most, ++active);
    await soon();
    active--;
    return picture * 10;
  });
  sending.add(...Array(50).keys());
  sending.add(50);
  assert.equal(sending.pending(), 51);
  await until(() => sending.pending() === 0);
  assert.deepEqual(told.sent.map(([picture]) => picture).sort((a, b) => a - b), [...Array(51).keys()]);
  assert.ok(told.sent.every(([picture, id]) => id === picture * 10));
  assert.equal(most, 3);
  assert.deepEqual(sending.progress(), { done: 0, all: 0 });
});

test("a program that does not answer is asked again, ever less often, until it does", async () => {
  let failures = 12;
  const { sending, told } = queue(async (picture) => {
    if (failures-- > 0) throw new Unreachable();
    return picture;
  });
  sending.add("a", "b", "c", "d");
  await until(() => sending.pending() === 0);
  assert.deepEqual(told.sent.map(([picture]) => picture).sort(), ["a", "b", "c", "d"]);
  assert.equal(told.refused.length, 0);
  assert.equal(told.pauses[0], 500);
  assert.equal(Math.max(...told.pauses), 8000);
});

test("what is refused is said, and does not hold up the rest", async () => {
  const { sending, told } = queue(async (picture) => {
    if (picture === "bad") throw new RangeError("bad is a damaged image");
  });
  sending.add("a", "bad", "b");
  await until(() => sending.pending() === 0);
  assert.deepEqual(told.refused, [["bad", "bad is a damaged image"]]);
  assert.equal(told.sent.length, 2);
});

test("the server's words become errors, and silence another", async () => {
  const reached = [];
  const answers = [{ ok: true, json: async () => ({ version: 3 }) }, { ok: false, status: 400, text: async () => "No room.\n" }];
  const asked = [];
  const server = createServer((whether) => reached.push(whether), async (...given) => {
    asked.push(given);
    const answer = answers.shift();
    if (!answer) throw new TypeError("fetch failed");
    return answer;
  });
  assert.deepEqual(await server.ask("state", { version: 2 }), { version: 3 });
  await assert.rejects(server.picture(4, "x", "a/b ü?.jpg", "bytes"), { name: "RangeError", message: "No room." });
  await assert.rejects(server.frame(null, "bytes"), Unreachable);
  assert.deepEqual(reached, [true, true, false]);
  assert.equal(asked[0][0], "ask/state");
  assert.equal(asked[1][0], "picture/4/x/a%2Fb%20%C3%BC%3F.jpg");
  assert.equal(asked[1][1].headers["content-type"], "application/octet-stream");
  assert.equal(asked[2][0], "frame/likeliest");
});

test("folders become classes", () => {
  assert.equal(classOf("photos/cup/1.jpg"), "cup");
  assert.equal(classOf("cup/1.jpg"), "cup");
  assert.equal(classOf("1.jpg"), null);
  assert.equal(classOf("photos/.trash/1.jpg"), null);
  assert.equal(classOf("__MACOSX/cup/1.jpg"), null);
  const files = ["cup/1.jpg", "cup/2.PNG", "cup/notes.txt", "plant/1.heic", "3.jpg"].map((path) => ({ path, file: path }));
  assert.deepEqual([...byClass(files)], [["cup", ["cup/1.jpg", "cup/2.PNG"]], ["plant", ["plant/1.heic"]]]);
  assert.ok(isPicture("a.JPeG") && !isPicture("jpg") && !isPicture("a.pdf"));
});

test("a probability is never a certainty, and a share can be all", () => {
  assert.deepEqual([0, 0.001, 0.5, 0.9999, 1].map(percent), ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]);
  assert.deepEqual([0, 0.5, 1].map(likelihood), ["< 1 %", "50 %", "> 99 %"]);
});

test("what is none of the classes is what models/rejection.py says", () => {
  const rejection = {
    centres: { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) },
    kernel: { shape: [2, 2], data: Float32Array.of(3, 0, 0, 3) },
    bias: { shape: [2], data: Float32Array.of(0, 0) },
  };
  // The example of distance_and_energy in models/rejection.py.
  for (const [features, distance, energy] of [[[1, 0], 0, -3.0486], [[1, 1], 0.2929, -3.6931]]) {
    const found = distanceAndEnergy(Float32Array.from(features), rejection);
    assert.ok(Math.abs(found.distance - distance) < 1e-4 && Math.abs(found.energy - energy) < 1e-4);
  }
  const spread = { distance_mean: 0.1, distance_spread: 0.5, energy_mean: -3, energy_spread: 2 };
  const score = outlying(Float32Array.of(1, 1), { ...rejection, ...spread });
  assert.ok(Math.abs(score - ((0.2929 - 0.1) / 0.5 + (-3.6931 + 3) / 2)) < 1e-4);
});
