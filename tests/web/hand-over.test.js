// A kernel's way from the explorer to the filter lab and back, through both pages' addresses.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asTensor, STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { readModel } = await load("engine/model.js");
const { createEngine } = await load("engine/client.js");
const explorer = await load("explorer/address.js");
const { explainUnit } = await load("explorer/explain.js");
const { indexIn } = await load("explorer/positions.js");
const { toLab } = await load("explorer/to-lab.js");
const lab = await load("lab/address.js");
const { backAddress } = await load("lab/back.js");
const { pythonCode } = await load("lab/export-python.js");
const { runChain, scalesOf } = await load("lab/pipeline.js");
const { makeStep } = await load("lab/steps.js");
const { mapFrom, mapName } = await load("shared/network-map.js");

const networks = JSON.parse(readFileSync(new URL("networks.json", import.meta.url), "utf-8"));
const open = (name) => {
  const bytes = readFileSync(new URL(`${name}.safetensors`, import.meta.url));
  return readModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)).layers;
};
const [position, part] = [5, 4]; // a convolution of 2×2 in the network “colour”, and one of the six maps that it takes
const layers = open("colour");
const input = asTensor(networks.colour.outputs[position - 1]);
const at = { row: 1, column: 2, channel: 3 };
const page = "image=7&edit=5.kernel.1=0.5";
const { address } = toLab({ layer: layers[position], input, position, part, at, page });
const found = lab.readAddress(address.replace("lab/", ""));

describe("to the filter lab", () => {
  test("goes the map, value for value", () => {
    const map = mapFrom(found.image);
    const [height, width, channels] = input.shape;
    assert.deepEqual(map.shape, [height, width, 1]);
    map.data.forEach((value, i) => assert.equal(value, input.data[i * channels + part]));
  });

  test("goes the kernel, with the bias and the settings of its layer", async () => {
    const { shape } = networks.colour.outputs[position];
    const wanted = explainUnit(layers[position], [input], shape, indexIn(shape, at));
    const engine = createEngine(null);
    const map = mapFrom(found.image);
    await engine.load(map);
    const { results } = await runChain(engine, map, found.steps);
    assert.deepEqual(results[0].output.shape, [shape[0], shape[1], 1]);
    const value = results[0].output.data[at.row * shape[1] + at.column];
    assert.ok(Math.abs(value - (wanted.parts[part].sum + wanted.bias)) < 1e-5);
    assert.deepEqual([found.position, found.look], [{ of: "output", row: 1, column: 2 }, "signed"]);
  });

  test("goes the way back, and stays in the lab's address", () => {
    assert.deepEqual(found.from, { kernel: "5.4.3", page });
    const state = { grey: false, selected: 0, range: "own", hide: [], lock: [], ...found };
    assert.deepEqual(lab.readAddress(lab.writeAddress(state)).from, found.from);
    for (const wrong of ["from=", "from=1.2&x", "from=a.b.c%26x", "from=1.2.3"]) assert.equal(lab.readAddress(wrong).from, null);
  });

  test("goes nothing that the lab cannot show, and the reason is said", () => {
    const other = open("grey");
    const outputs = networks.grey.outputs.map(asTensor);
    const asked = (at_, layer) => toLab({ layer, input: outputs[at_ - 1], position: at_, part: 0, at, page: "" });
    assert.match(asked(2, other[2]).reason, /square kernels of up to 7×7/);
    assert.match(asked(4, other[4]).reason, /same stride and dilation/);
    const huge = { shape: [513, 513, 1], data: new Float32Array(513 * 513) };
    assert.match(toLab({ layer: layers[position], input: huge, position, part: 0, at, page }).reason, /too large/);
  });
});

describe("back to the network", () => {
  test("come the numbers as they are laid on the map: weighted, and turned where the lab turns them", () => {
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const step = makeStep("convolve", { kernels: [rows], weight: 0.5, bias: -1, mode: "convolve" });
    const text = backAddress({ from: found.from, steps: [step] });
    assert.equal(text, `${page}&kernel=5.4.3:2,1.5/1,0.5:-1`);
    const { kernel, edits } = explorer.readAddress(text);
    assert.deepEqual(kernel, { position: 5, channel: 4, filter: 3, rows: [[2, 1.5], [1, 0.5]], bias: -1 }); // prettier-ignore
    assert.equal(edits.length, 1);
  });

  test("comes no kernel where the first step is a pooling", () => {
    assert.equal(backAddress({ from: found.from, steps: [makeStep("pool")] }), page);
  });
});

describe("a map in the lab", () => {
  test("is its name, and nothing else is", () => {
    const data = Float32Array.of(0, -1.5, 1e-7, 3);
    assert.deepEqual(mapFrom(mapName({ shape: [1, 4, 1], data })), { shape: [1, 4, 1], data });
    const nan = mapName({ shape: [1, 1, 1], data: Float32Array.of(NaN) });
    for (const wrong of [nan, "map:", "map:1x4:AAAA", "map:0x0:AAAA", "map:2x2:***", "map:-1x1:AAAA"]) assert.equal(mapFrom(wrong), null);
  });

  test("is coloured as what comes out of it, not as an image of 0 to 255", () => {
    const tensor = { shape: [1, 2, 1], data: Float32Array.of(0, 2) };
    const results = [{ input: tensor, output: tensor }];
    const look = { look: "signed", range: "own", channel: 0 };
    assert.deepEqual(scalesOf(results, 0, { ...look, image: "map:1x2:AAAA" }).input, { kind: "signed", limit: 2 });
    assert.equal(scalesOf(results, 0, { ...look, image: "four" }).input.kind, "image");
  });

  test("is written into the Python code as it is, and never taken for bytes", () => {
    const data = Float32Array.of(0.5, -2);
    const image = mapName({ shape: [1, 2, 1], data });
    const state = { image, grey: false, steps: [makeStep("convolve")] };
    const code = pythonCode(state, { shape: [1, 2, 1], data }, { file: "", samples: [] });
    assert.ok(code.includes("    [0.5, -2],\n], dtype=np.float32)"), code);
    assert.ok(!code.includes("clip"), code);
  });
});
