// How faithful a map is, and what excites a filter: the page's numbers against Python's (tools/make_faithfulness_values.py).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asTensor, assertClose, STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { numbers } = await load("engine/index.js");
const { Service } = await load("engine/service.js");
const faithfulness = await load("explorer/faithfulness.js");
const { ascent, cut, middleOf } = await load("explorer/maximize.js");
const { area, checkWords, curve, enlarged, judged, orderOf, similarity, spearman } = faithfulness;
const wanted = JSON.parse(readFileSync(new URL("faithfulness.json", import.meta.url), "utf-8"));

/** The network behind messages, as the page has it. */
function opened(name) {
  const service = new Service();
  const bytes = readFileSync(new URL(`faithful-${name}.safetensors`, import.meta.url));
  service.answer({ task: "open", buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) });
  const post = async (message) => service.answer(message).outputs;
  return {
    service,
    scores: (images) => post({ task: "scores", images }),
    pull: (asked) => post({ task: "pull", ...asked }),
    peaks: (asked) => post({ task: "peaks", ...asked }),
  };
}

const near = (found, expected, tolerance = 1e-5) =>
  assertClose({ shape: [found.length], data: found }, { shape: [expected.length], data: expected }, tolerance);

test("random numbers are Python's to the last bit", () => assert.deepEqual([...numbers(7, 4)], wanted.numbers));

for (const [name, probabilities] of [["colour", true], ["single", false]]) // prettier-ignore
  describe(`the network “${name}”`, () => {
    const known = wanted[name];
    const network = opened(name);
    const image = asTensor({ shape: known.shape, data: known.image });
    const map = asTensor(known.map);
    network.service.answer({ task: "run", inputs: [image] });
    const asked = { image, map, classIndex: 1, probabilities };

    test("has Python's curves and areas, also of random orders", async () => {
      near(enlarged(map, ...known.shape), known.enlarged);
      const [deletion, insertion] = await Promise.all(["deletion", "insertion"].map((kind) => curve(network, { ...asked, kind })));
      near(deletion, known.deletion);
      near(insertion, known.insertion);
      const random = [];
      for (const kind of known.random.keys()) random.push(await curve(network, { ...asked, kind }));
      random.forEach((each, i) => near(each, known.random[i]));
      const found = judged({ deletion, insertion, random });
      near([found.deletion, found.insertion, found.chance], known.areas);
      assert.equal(found.falls === 1, known.areas[0] < Math.min(...known.random.map(area)));
      assert.equal(found.rises === 1, known.areas[1] > Math.max(...known.random.map(area)));
    });

    test("has Python's map, and its rank correlations with those of the same random weights", () => {
      const about = { task: "evidence", position: known.position, classes: [1], method: "grad_cam" };
      assertClose(network.service.answer(about).outputs[0], known.map, 1e-4);
      const maps = known.correlations.map((_, i) => network.service.answer({ ...about, trained: false, seed: 1 + i }).outputs[0]);
      near(maps.map((each) => spearman(map.data, each.data)), known.correlations, 1e-4); // prettier-ignore
    });

    test("makes Python's picture of what excites a filter, and leaves the last run as it was", async () => {
      const { position, shape } = known;
      const size = network.service.answer({ task: "evidence", position, classes: [1], method: "grad_cam" }).outputs[0].shape;
      const unit = middleOf([...size.slice(0, 2), { colour: 5, single: 3 }[name]], 1);
      let last = null;
      for await (const each of ascent(network, { position, unit, shape, range: [0, 1], jitter: 1, seed: 0 })) last = each;
      near([last.value], [known.maximized.value], 1e-3);
      const apart = last.image.data.filter((value, i) => Math.abs(value - known.maximized.image[i]) > 0.02).length;
      assert.ok(apart < 0.02 * last.image.data.length, `${apart} pixels differ`);
      const [values] = await network.peaks({ position, channel: 1, images: [last.image, image] });
      assert.ok(values.data[0] >= last.value);
      assert.ok(values.data[0] > values.data[1], "a random image must not excite it more");
      assertClose(network.service.answer({ task: "evidence", position, classes: [1], method: "grad_cam" }).outputs[0], known.map, 1e-4);
    });
  });

test("a filter that is off and a number that is changed count in what is computed on the side", async () => {
  const network = opened("single");
  const image = asTensor({ shape: wanted.single.shape, data: wanted.single.image });
  const run = (changes) => network.service.answer({ task: "run", inputs: [image], changes }).outputs.at(-1).data[0];
  const before = run([]);
  const changed = run([{ position: 1, channel: 0, off: true }, { position: 5, weight: "bias", index: 0, value: 3 }]); // prettier-ignore
  assert.notEqual(before, changed);
  assert.equal((await network.scores([image]))[0].data[0], changed);
});

test("equal values share their ranks, and a map that is the same everywhere has none", () => {
  assert.equal(spearman([1, 1, 2], [5, 5, 9]), 1);
  assert.ok(Number.isNaN(spearman([1, 1], [1, 2])));
  assert.equal(similarity([0.5, -0.5, NaN]), 0.5);
  assert.match(checkWords(similarity([NaN]), 99), /map is uniform/);
  assert.match(checkWords(0.1, 4), /only 4 values/);
  assert.match(checkWords(0.1, 99), /what the network learned/);
  assert.match(checkWords(0.95, 99), /hardly changes/);
});

test("pixels of equal importance come in a random order, all others by importance", () => {
  assert.deepEqual([...orderOf(Float32Array.of(1, 3, 2))], [1, 2, 0]);
  const ties = orderOf(new Float32Array(50));
  assert.notDeepEqual([...ties], [...ties].sort((a, b) => a - b));
});

test("a patch is cut at the image's edge", () => {
  const image = { shape: [3, 3, 1], data: Float32Array.from({ length: 9 }, (_, i) => i) };
  assert.deepEqual(cut(image, { top: -1, left: 1, rows: 3, columns: 4 }), { shape: [2, 2, 1], data: Float32Array.of(1, 2, 4, 5) });
  assert.deepEqual(cut(image, null).data, image.data);
});
