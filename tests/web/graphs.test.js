// Graphs: branches, shortcuts, shared layers, several inputs and outputs, against PyTorch.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { asTensor, assertClose, STATIC, values } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { Network, combine, combineInputGradients, concatenate, concatenateInputGradients, readModel, untrained } =
  await load("engine/index.js");
const { columnsOf, shortcuts } = await load("explorer/branches.js");
const { lanesOf } = await load("explorer/arcs.js");
const { explainUnit } = await load("explorer/explain.js");
const { openModel } = await load("explorer/opened.js");
const { positionIn } = await load("explorer/positions.js");
const { reach } = await load("explorer/reach.js");
const graphs = JSON.parse(readFileSync(new URL("graphs.json", import.meta.url), "utf-8"));

function file(name) {
  const bytes = readFileSync(new URL(`${name}.safetensors`, import.meta.url));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
const opened = (name) => openModel(file(name), graphs[name].outputs.map(({ shape }) => shape));
const images = (name) => graphs[name].inputs.map(asTensor);
function ran(name) {
  const network = new Network(readModel(file(name)));
  network.run(images(name));
  return network;
}

describe("values that are joined", () => {
  test("index by index, with axes of length 1 stretched, and gradients back", () => {
    for (const { mode, inputs, output, gradient, inputGradients } of values.combine) {
      const tensors = inputs.map(asTensor);
      assertClose(combine(tensors, mode), output);
      const found = combineInputGradients(asTensor(gradient), tensors, mode);
      inputGradients.forEach((wanted, which) => assertClose(found[which], wanted));
    }
  });

  test("side by side along any axis, and gradients back", () => {
    for (const { axis, inputs, output, gradient, inputGradients } of values.concatenate) {
      const tensors = inputs.map(asTensor);
      assertClose(concatenate(tensors, axis), output);
      const found = concatenateInputGradients(asTensor(gradient), tensors, axis);
      inputGradients.forEach((wanted, which) => assertClose(found[which], wanted));
    }
  });

  test("must have shapes that can be joined", () => {
    const [a, b] = [[2, 3, 1], [2, 2, 1]].map((shape) => asTensor({ shape, data: new Array(shape[0] * shape[1]).fill(1) }));
    assert.throws(() => combine([a, b], "add"), /\(2, 3, 1\), \(2, 2, 1\) cannot be combined/);
  });
});

for (const [name, { outputs, main, maps, evidence, gradients }] of Object.entries(graphs)) {
  describe(`the graph “${name}”`, () => {
    const network = ran(name);
    const model = opened(name);
    const { first } = model;

    test("makes what PyTorch makes, in every call", () => {
      assert.equal(network.outputs.length, outputs.length);
      outputs.forEach((wanted, i) => assertClose(network.outputs[i], wanted));
    });

    test("explains the output that has the classes", () => assert.equal(model.main + first, main));

    test("finds the evidence for each class that autograd finds", () => {
      evidence.forEach((wanted, each) => assertClose(network.evidence(maps - first, each), wanted, 1e-5));
    });

    test("knows how each value of each input would change each score, as autograd does", () => {
      gradients.forEach((inputs, each) =>
        inputs.forEach((wanted, input) => assertClose(network.gradient(input - first, each), wanted, 1e-5)),
      );
    });

    test("explains every value by arithmetic that gives this value, and names where it is from", () => {
      outputs.forEach(({ shape, data }, position) => {
        const layer = model.layers[position];
        const below = layer.inputs.map((value) => network.value(value));
        data.forEach((wanted, unit) => {
          const found = explainUnit(layer, below, shape, unit);
          assert.ok(Math.abs(found.value - wanted) < 3e-5, `${layer.name}, value ${unit}: ${found.value}, not ${wanted}`);
          if (found.kind === "concatenate") assert.equal(below[found.which].data[found.index], network.outputs[position].data[unit]);
          if (found.kind === "combine")
            for (const { which, index, value } of found.terms) assert.equal(below[which].data[index], value);
        });
      });
    });

    test("knows the pixels that a value depends on: others change nothing", () => {
      outputs.forEach(({ shape, data }, position) => {
        const unit = Math.floor(data.length / 3);
        const boxes = reach(model, model.shapes, position, unit);
        const changed = network.inputs.map((image, input) => {
          const box = boxes[input];
          const isSeen = ({ row, column }) =>
            box === null || (box && row >= box.top && row < box.top + box.rows && column >= box.left && column < box.left + box.columns);
          return { ...image, data: image.data.map((value, i) => (isSeen(positionIn(image.shape, i)) ? value : 9)) };
        });
        const again = new Network(readModel(file(name))).run(changed);
        assert.equal(again[position].data[unit], network.outputs[position].data[unit], `layer ${position}, ${shape}`);
      });
    });

    test("has an untrained twin that makes something else of the same", () => {
      const twin = new Network(untrained(network.model));
      twin.run(network.inputs);
      assert.notDeepEqual(twin.value(main).data, network.value(main).data);
    });
  });
}

describe("what is computed again", () => {
  test("is what depends on a change, and nothing else", () => {
    const network = ran("siamese");
    const before = [...network.outputs];
    network.silence(0, 1, true); // the shared layer's first call: the second image's way is another
    network.run();
    const same = network.outputs.flatMap((output, position) => (output === before[position] ? [position] : []));
    const wanted = network.layers.flatMap((_, position) => (depends(network, position, 0) ? [] : [position]));
    assert.deepEqual(same, wanted);
    assert.ok(same.length >= 3, `${same}`);
  });

  test("is both ways of a layer that is called twice, when a number of it changes", () => {
    const network = ran("siamese");
    const before = [...network.outputs];
    const calls = network.layers.flatMap(({ first }, position) => (first === 0 ? [position] : []));
    assert.equal(calls.length, 2);
    network.set(calls[1], "kernel", 4, 3);
    network.run();
    for (const position of calls) assert.notDeepEqual(network.outputs[position].data, before[position].data);
    const fresh = new Network(network.model);
    fresh.run(network.inputs);
    assert.deepEqual(network.outputs.at(-1).data, fresh.outputs.at(-1).data);
  });

  test("is what one of two images has a part in, when it alone is another", () => {
    const network = ran("siamese");
    const before = [...network.outputs];
    const [one, two] = network.inputs;
    network.run([one, { ...two, data: two.data.map((value) => value / 2) }]);
    network.layers.forEach(({ inputs }, position) => {
      if (inputs.every((value) => value === 0)) assert.equal(network.outputs[position], before[position]);
      if (inputs.includes(1)) assert.notEqual(network.outputs[position], before[position]);
    });
  });

  test("sees a channel that is off in every reader of it", () => {
    const network = ran("residual");
    const readers = network.layers.flatMap(({ inputs }, position) => (inputs.includes(1) ? [position] : []));
    assert.ok(readers.length > 1);
    const before = [...network.outputs];
    network.silence(0, 2, true);
    network.run();
    assert.ok(network.outputs[0].data.every((value, i) => i % 4 !== 2 || value === 0));
    for (const position of readers) assert.notDeepEqual(network.outputs[position].data, before[position].data);
  });

  function depends(network, position, on) {
    const first = network.model.inputShapes.length;
    return position === on || network.layers[position].inputs.some((value) => value >= first && depends(network, value - first, on));
  }
});

describe("the layout", () => {
  const model = (inputs, ...calls) => ({ inputShapes: inputs.map(() => [1]), layers: calls.map((each) => ({ inputs: each })) });

  test("of a stack is one column without arcs", () => {
    const chain = model(["x"], [0], [1], [2]);
    assert.deepEqual(columnsOf(chain), [0, 1, 2, 3]);
    assert.deepEqual(shortcuts(columnsOf(chain), chain), []);
  });

  test("of a residual block has an arc past what stands between", () => {
    const block = model(["x"], [0], [1], [1, 2]); // x, a, b(a), a + b
    assert.deepEqual(columnsOf(block), [0, 1, 2, 3]);
    assert.deepEqual(shortcuts(columnsOf(block), block), [[1, 3]]);
  });

  test("of branches has them side by side, the longest first, and no arcs", () => {
    const branches = model(["x"], [0], [1], [1], [3], [2, 4]); // a; b(a); c(a), d(c); join(b, d)
    assert.deepEqual(columnsOf(branches), [0, 1, { branches: [[3, 4], [2]] }, 5]);
    assert.deepEqual(shortcuts(columnsOf(branches), branches), []);
  });

  test("of two inputs and two outputs has both side by side", () => {
    const both = model(["a", "b"], [0], [1], [2, 3], [4], [4]);
    assert.deepEqual(columnsOf(both), [{ branches: [[0, 2], [1, 3]] }, 4, { branches: [[5], [6]] }]);
  });

  test("of a U has arcs within arcs, each in a lane of its own", () => {
    const u = model(["x"], [0], [1], [2], [3, 2], [4, 1]);
    const pairs = shortcuts(columnsOf(u), u);
    assert.deepEqual(pairs, [[2, 4], [1, 5]]); // prettier-ignore
    assert.deepEqual(lanesOf(pairs), [0, 1]);
  });

  test("of branches that cross is a column in which nothing is left out", () => {
    const crossed = model(["x"], [0], [0], [1, 2], [1, 2], [3, 4]);
    assert.deepEqual(columnsOf(crossed).flat().sort(), [0, 1, 2, 3, 4, 5]);
    const shown = shortcuts(columnsOf(crossed), crossed);
    assert.ok(shown.length >= 3);
  });

  test("puts every value of the graphs in its place once", () => {
    for (const name of Object.keys(graphs)) {
      const flat = (column) => column.flatMap((item) => (item.branches ? item.branches.flatMap(flat) : [item]));
      const of = opened(name);
      assert.deepEqual(flat(columnsOf(of)).sort((a, b) => a - b), of.shapes.map((_, value) => value)); // prettier-ignore
    }
  });
});
