// The explorer's address: drawings, edited numbers, kernels from the filter lab, and whatever somebody types there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { openModel } = await load("explorer/opened.js");
const { readAddress, writeAddress } = await load("explorer/address.js");
const { readDrawing, writeDrawing } = await load("explorer/drawing-code.js");
const { restore } = await load("explorer/restore.js");

const bytes = readFileSync(new URL("grey.safetensors", import.meta.url));
const networks = JSON.parse(readFileSync(new URL("networks.json", import.meta.url), "utf-8"));
const shapes = networks.grey.outputs.map(({ shape }) => shape);
const model = openModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), shapes);
const [CONVOLUTION, SECOND, DENSE] = [2, 4, 8]; // positions in the network “grey”
const original = (position, weight, index) => model.layers[position].weights[weight].data[index];
const restored = (text, own = false) =>
  restore(readAddress(text), model, { names: ["a", "b", "c"], labels: [0, 1] }, {
    collection: { find: (number) => [5, 17].indexOf(number) },
    number: original,
    folded: [0],
    own,
  }); // prettier-ignore
const state = {
  view: "overview",
  source: "test",
  image: 17,
  drawing: null,
  position: -1,
  unit: null,
  part: null,
  cell: null,
  off: new Map(),
  edits: new Map(),
  folded: [],
  presenting: false,
};
const edits = (...list) =>
  new Map(list.map(([position, weight, index, value]) => [`${position} ${weight} ${index}`, { position, weight, index, value }]));

describe("a drawing in the address", () => {
  test("is its runs: their lengths less one, and their greys", () => {
    assert.equal(writeDrawing(Uint8Array.of(0, 0, 0, 255)), "AgAA_w"); // 2 0, 0 255
    assert.deepEqual([...readDrawing("AgAA_w", 4)], [0, 0, 0, 255]);
  });

  test("comes back as it was, long runs and noise too", () => {
    const greys = Uint8Array.from({ length: 5000 }, (_, i) => (i < 1000 ? 7 : (i * i) % 256));
    assert.deepEqual(readDrawing(writeDrawing(greys), 5000), greys);
  });

  test("is none of another size, cut short, or of other signs", () => {
    for (const [text, count] of [["AgAA_w", 3], ["AgAA_w", 5], ["AgAA", 4], ["%%%", 4], ["", 4]]) // prettier-ignore
      assert.equal(readDrawing(text, count), null, text);
  });

  test("of a network's own size is taken, of another it is left out and said", () => {
    const greys = new Uint8Array(12 * 11).fill(3);
    const { patch, left } = restored(writeAddress({ ...state, source: "draw", drawing: greys }));
    assert.deepEqual([patch.source, patch.drawing, left], ["draw", greys, []]);
    const other = restored("source=draw&drawing=AgAA_w");
    assert.deepEqual([other.patch.source, other.patch.drawing], ["draw", undefined]);
    assert.match(other.left[0], /network of another input size/);
  });
});

describe("the view in the address", () => {
  const meant = (text) => readAddress(text).view ?? "overview";

  test("is the overview where there is nothing, an image or a drawing", () => {
    for (const text of ["", "image=3", "source=draw&drawing=AgAA_w", "image=3&epoch=2&present=1", "rubbish=1"]) assert.equal(meant(text), "overview", text);
  });

  test("is the layers where an old link says more", () => {
    for (const text of ["layer=3&unit=8", "image=3&off=1:5", "edit=1.kernel.13=-0.5", "image=3&fold=0,4", "open=2", "kernel=1.0.5:1,2/3,4:0.1"])
      assert.equal(meant(text), "network", text);
  });

  test("is written where the rest of the address means another one", () => {
    const chosen = { ...state, position: SECOND, unit: 7 };
    for (const view of ["overview", "network", "mistakes"])
      for (const each of [state, chosen]) assert.equal(meant(writeAddress({ ...each, view })), view);
    assert.equal(writeAddress(state), "image=17");
    assert.equal(writeAddress({ ...state, view: "network" }), "view=network&image=17");
    assert.ok(!writeAddress({ ...chosen, view: "network" }).includes("view"));
  });

  test("knows the layers that are folded at first", () => {
    assert.equal(writeAddress({ ...state, folded: [0, 4], foldedAtFirst: [4, 0] }), "image=17");
    const unfolded = readAddress(writeAddress({ ...state, view: "network", folded: [], foldedAtFirst: [4] }));
    assert.deepEqual([unfolded.folded, unfolded.view], [[], "network"]);
  });
});

describe("edited numbers in the address", () => {
  test("are written in the fewest digits that mean the same single-precision number", () => {
    const values = [-3, 0.1, 1 / 3, 1e-20, 123456.789, -0.0517].map(Math.fround);
    const made = edits(...values.map((value, i) => [CONVOLUTION, "kernel", i, value]));
    const text = writeAddress({ ...state, edits: made });
    assert.ok(text.includes(`edit=${CONVOLUTION}.kernel.0=-3&edit=${CONVOLUTION}.kernel.1=0.1&`), text);
    assert.deepEqual(restored(text).patch.edits, made);
  });

  test("that the network has not are left out and said", () => {
    for (const wrong of ["9.kernel.0=1", "2.gamma.0=1", "2.kernel.24=1", "0.kernel.0=1", "2.__proto__.0=1", "2.bias.0=1e99"]) {
      const { patch, left } = restored(`edit=${wrong}&edit=2.bias.1=0.5`);
      assert.deepEqual(patch.edits, edits([CONVOLUTION, "bias", 1, 0.5]), wrong);
      assert.match(left[0], /no such kernel value/);
    }
    assert.deepEqual(restored("edit=2.kernel.1=NaN&edit=x&edit=2.kernel.1=").left, Array(3).fill("“edit” is unknown"));
  });
});

describe("a kernel from the filter lab", () => {
  const at = (y, x) => ((y * 2 + x) * 4 + 3) * 5 + 1; // of map 3 and filter 1 in a kernel of (2, 2, 4, 5)
  const six = (value) => Number(value.toPrecision(6));
  const rows = [0, 1].map((y) => [0, 1].map((x) => six(original(SECOND, "kernel", at(y, x)))));
  const bias = six(original(SECOND, "bias", 1));
  const text = (kernel, shift) => `kernel=${SECOND}.3.1:${kernel.map((row) => row.join(",")).join("/")}:${shift}`;

  test("that nobody changed is no edit, though the lab keeps six digits", () => {
    const { patch, left } = restored(text(rows, bias));
    assert.deepEqual([patch.edits.size, left], [0, []]);
  });

  test("brings what was changed: numbers and bias", () => {
    const [first, last] = rows;
    const { patch } = restored(text([first, [last[0], 0.25]], -2));
    assert.deepEqual(patch.edits, edits([SECOND, "kernel", at(1, 1), 0.25], [SECOND, "bias", 1, -2]));
  });

  test("takes an edit back that was made before", () => {
    const edit = `edit=${SECOND}.kernel.${at(0, 1)}=0.75`;
    assert.equal(restored(`${edit}&${text(rows, bias)}`).patch.edits.size, 0);
    const edited = [[rows[0][0], 0.75], rows[1]];
    assert.deepEqual(restored(`${edit}&${text(edited, bias)}`).patch.edits, edits([SECOND, "kernel", at(0, 1), 0.75]));
  });

  test("of another size, or of a layer that has none, is left out and said", () => {
    assert.match(restored(`kernel=${SECOND}.3.1:1,2,3/4,5,6/7,8,9:0`).left[0], /3×3 values, but .* have 2×2/);
    for (const position of ["0.0.0", `${SECOND}.4.0`, `${SECOND}.0.5`, `${DENSE}.0.0`, "99.0.0"])
      assert.match(restored(`kernel=${position}:1:0`).left[0], /no such kernel/);
    assert.deepEqual(restored(`kernel=4.0.0:${"1".repeat(60)}x:0`).left, ["“kernel” is unknown"]);
  });
});

describe("the rest of the address", () => {
  test("comes back as it was", () => {
    const whole = { ...state, view: "mistakes", position: SECOND, unit: 7, part: 3, cell: [0, 2], off: new Map([[2, [1, 3]]]), folded: [1], presenting: true };
    const { patch, left } = restored(writeAddress(whole));
    const { drawing: _, ...wanted } = whole;
    assert.deepEqual([patch, left], [wanted, []]);
  });

  test("is left out where the network or the images have it not, and said", () => {
    const { patch, left } = restored(
      "#image=99&layer=3&unit=1000&cell=1,3&off=2:1,4&off=8:0&off=50:1&nonsense=1&fold=2,99&view=x&layer=-1",
    );
    assert.deepEqual(patch, { view: "network", position: -1, unit: null, part: null, folded: [2], presenting: false, off: new Map([[2, [1]]]), edits: new Map() });
    for (const words of ["“nonsense” is unknown", "“view” is unknown", "“layer” is unknown", /image 99/, /confusion/, /no such value/, /no such filter/])
      assert.ok(left.some((each) => (words.test ? words.test(each) : each === words)), `${words} in ${left}`);
  });

  test("has of an own image that it is one: in another tab that is left out and said", () => {
    const text = writeAddress({ ...state, source: "camera" });
    assert.equal(text, "source=camera");
    assert.deepEqual(restored(text, true).patch.source, "camera");
    const other = restored(text);
    assert.deepEqual([other.patch.source, other.left.length], [undefined, 1]);
    assert.match(other.left[0], /uploaded image/);
  });

  test("of nothing is how the page begins", () => {
    const begin = { position: -1, unit: null, part: null, folded: [0], presenting: false, off: new Map(), edits: new Map() };
    assert.deepEqual(restored(""), { patch: begin, left: [] });
  });
});

test("mistakes in the address are left out and said where the network's outputs are images", () => {
  const has = { collection: { find: () => -1 }, number: original, folded: [], own: false };
  const { patch, left } = restore(readAddress("view=mistakes"), model, { names: [] }, has);
  assert.equal(patch.view, undefined);
  assert.match(left[0], /outputs images/);
});
