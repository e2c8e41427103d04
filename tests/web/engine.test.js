// The engine's arithmetic against PyTorch's, forward and input gradient.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asTensor, assertClose, STATIC, values } from "./support.js";

const engine = await import(new URL("engine/index.js", STATIC));
const title = (object) => JSON.stringify(object);

/** Each case of an operation: its output, and what its gradient becomes at the input. */
function everyCase(operation, name, forward, backward) {
  describe(operation, () => {
    for (const found of values[operation]) {
      const input = asTensor(found.input);
      test(`${name(found)} on ${found.input.shape.join("×")}`, () => {
        assertClose(forward(input, found), found.output);
        assertClose(backward(asTensor(found.gradient), input, found), found.inputGradient);
      });
    }
  });
}

everyCase(
  "convolve",
  ({ kernel, options }) => `${kernel.shape.join("×")} ${title(options)}`,
  (input, { kernel, bias, options }) => engine.convolve(input, asTensor(kernel), asTensor(bias), options),
  (gradient, input, { kernel, options }) =>
    engine.convolveInputGradient(gradient, input.shape, asTensor(kernel), options),
);
everyCase(
  "convolve_apart",
  ({ kernel, options }) => `${kernel.shape.join("×")} ${title(options)}`,
  (input, { kernel, bias, options }) => engine.convolveApart(input, asTensor(kernel), asTensor(bias), options),
  (gradient, input, { kernel, options }) =>
    engine.convolveApartInputGradient(gradient, input.shape, asTensor(kernel), options),
);
everyCase(
  "convolve_transposed",
  ({ kernel, options }) => `${kernel.shape.join("×")} ${title(options)}`,
  (input, { kernel, bias, options }) => engine.convolveTransposed(input, asTensor(kernel), asTensor(bias), options),
  (gradient, input, { kernel, options }) =>
    engine.convolveTransposedInputGradient(gradient, input.shape, asTensor(kernel), options),
);
everyCase(
  "enlarge",
  ({ options }) => title(options),
  (input, { options }) => engine.enlarge(input, options),
  (gradient, input, { options }) => engine.enlargeInputGradient(gradient, input.shape, options),
);
everyCase(
  "pool",
  ({ mode, options }) => `${mode} ${title(options)}`,
  (input, { mode, options }) => engine.pool(input, mode, options).output,
  (gradient, input, { mode, options }) => engine.poolInputGradient(gradient, input, mode, options),
);
everyCase(
  "activate",
  ({ name }) => name,
  (input, { name }) => engine.activate(input, name),
  (gradient, input, { name }) => engine.activateInputGradient(gradient, input, name),
);
everyCase(
  "dense",
  ({ kernel }) => kernel.shape.join("×"),
  (input, { kernel, bias }) => engine.dense(input, asTensor(kernel), asTensor(bias)),
  (gradient, _, { kernel }) => engine.denseInputGradient(gradient, asTensor(kernel)),
);
const weightsOf = ({ weights }) => Object.fromEntries(Object.entries(weights).map(([k, v]) => [k, asTensor(v)]));
everyCase(
  "batch_normalize",
  () => "with moving statistics",
  (input, found) => engine.batchNormalize(input, weightsOf(found)),
  (gradient, _, found) => engine.batchNormalizeInputGradient(gradient, weightsOf(found)),
);

test("the first of equals wins a pooling, as in the Python library", () => {
  const flat = engine.tensor([2, 2, 1], Float32Array.of(5, 5, 5, 5));
  assert.deepEqual([...engine.pool(flat, "max", { size: 2 }).winners], [0]);
  assert.deepEqual([...engine.pool(flat, "min", { size: 2 }).winners], [0]);
});

test("the lesson's pixel of 192 becomes 427", () => {
  const image = engine.tensor([3, 3, 1], Float32Array.of(0, 64, 128, 48, 192, 144, 42, 226, 168));
  const kernel = engine.tensor([3, 3, 1, 1], Float32Array.of(-1, 0, -2, 0.5, 4.5, -1.5, 1.5, 2, -3));
  assert.equal(engine.convolve(image, kernel, null).data[0], 427);
});

test("a window larger than the image is refused in words", () => {
  const kernel = engine.tensor([3, 3, 1], new Float32Array(9));
  assert.throws(() => engine.convolveApart(engine.tensor([1, 1, 1]), kernel, null), /reaches over 3×3 .* only 1×1/);
});

test("a kernel for other channels is refused in words", () => {
  const kernel = engine.tensor([1, 1, 3], new Float32Array(3));
  assert.throws(
    () => engine.convolveApart(engine.tensor([1, 1, 1]), kernel, null),
    /for 3 channels, and its input has 1/,
  );
});

test("unknown names are refused in words", () => {
  const image = engine.tensor([2, 2, 1]);
  assert.throws(() => engine.activate(image, "swish"), /one of linear, relu.* but got swish/);
  assert.throws(() => engine.pool(image, "median", { size: 2 }), /max, average, min, but got median/);
  assert.throws(() => engine.axis(5, 3, { padding: "most" }), /whole number of pixels, but got most/);
  assert.throws(() => engine.padIndices({ size: 2, before: 1, after: 1 }, "wrap"), /"zeros", "reflect" or "edge"/);
});
