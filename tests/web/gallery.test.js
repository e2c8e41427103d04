// The gallery's cards lead where the pages understand them, and its pictures are of the filters that it names.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readAddress as readExplorer } from "../../src/convoscope/web/static/explorer/address.js";
import { readAddress as readLab, writeAddress as writeLab } from "../../src/convoscope/web/static/lab/address.js";
import { STATIC } from "./support.js";

const PACKAGE = new URL("../../", STATIC);
const { rooms } = JSON.parse(readFileSync(new URL("exhibition/rooms.json", PACKAGE), "utf-8"));
const kernels = JSON.parse(readFileSync(new URL("filters/kernels.json", PACKAGE), "utf-8"));
const ways = rooms.flatMap(({ open, more }) => [open, ...more]);

test("every way into the lab says all of its state in the lab's own words", () => {
  const addresses = ways.map(({ address }) => address).filter((address) => address.startsWith("lab/#"));
  assert.ok(addresses.length >= 8);
  for (const address of addresses) {
    const text = address.slice("lab/#".length);
    const usual = { selected: 0, look: "auto", range: "own", hide: [], lock: [], grey: false, position: null, from: null };
    assert.equal(writeLab({ ...usual, ...readLab(text) }), text);
  }
});

test("every way into the explorer is understood there", () => {
  const read = ways.filter(({ address }) => address.startsWith("explore/digits/#")).map(({ address }) => readExplorer(address.split("#")[1], 1));
  assert.deepEqual(read.map(({ view, source, epoch }) => source ?? epoch ?? view), ["draw", 0, "mistakes", "why"]);
});

test("filters that are called by a name are those of the library", () => {
  const of = (name) => kernels.find((each) => each.name === name).kernel;
  const first = (title) => readLab(ways.find((way) => way.title === title).address.slice("lab/#".length)).steps[0];
  assert.deepEqual(first("Find vertical edges").kernels[0], of("sobel-x"));
  assert.deepEqual(first("Sharpen").kernels[0], of("sharpen"));
  const blur = first("Blur");
  const gaussian = kernels.find(({ name }) => name === "gaussian-5");
  assert.deepEqual(blur.kernels[0], gaussian.kernel);
  assert.equal(blur.weight, gaussian.weight);
});
