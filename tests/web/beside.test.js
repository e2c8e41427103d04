// Two networks side by side: what the address says of them, and the value that a click on a map chooses.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const { readAddress, writeAddress } = await import(new URL("explorer/address.js", STATIC));
const { strongest } = await import(new URL("explorer/positions.js", STATIC));

const state = {
  view: "beside",
  source: "test",
  image: 17,
  position: -1,
  unit: null,
  cell: null,
  off: new Map(),
  edits: new Map(),
  folded: [0],
  pickA: [3, 812],
  pickB: [-1, 40],
  foldedB: [],
};

describe("the address", () => {
  test("says what is chosen and folded in each network", () => {
    const found = readAddress(`#${writeAddress(state)}`);
    assert.deepEqual([found.view, found.image, found.pickA, found.pickB], ["beside", 17, [3, 812], [-1, 40]]);
    assert.deepEqual([found.folded, found.foldedB], [[0], []]);
  });

  test("says nothing of what is as at the start", () => {
    const text = writeAddress({ ...state, view: "network", pickA: null, pickB: null, foldedB: null });
    for (const part of ["a=", "b=", "foldb", "view"]) assert.ok(!text.split("&").some((each) => each.startsWith(part)));
  });

  test("is safe against whatever is typed", () => {
    for (const text of ["a=", "a=x,1", "b=1", "b=1,2,3", "a=-1,2"])
      assert.deepEqual(readAddress(text), { unread: [text[0]] });
    assert.deepEqual(readAddress("foldb=x,2").foldedB, [2]);
  });
});

test("the strongest value of a channel is the one farthest from 0", () => {
  const data = Float32Array.of(1, 9, -4, 0, 3, 2);
  assert.equal(strongest({ data, shape: [3, 1, 2] }, 0), 2);
  assert.equal(strongest({ data, shape: [3, 1, 2] }, 1), 1);
});
