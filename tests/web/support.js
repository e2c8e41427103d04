import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const STATIC = new URL("../../src/convoscope/web/static/", import.meta.url);

/** Cases computed by PyTorch in double precision (tools/make_web_values.py), by operation. */
export const values = JSON.parse(readFileSync(new URL("values.json", import.meta.url), "utf-8"));

/** {shape, data: [numbers]} as the engine's tensor. */
export const asTensor = ({ shape, data }) => ({ shape, data: Float32Array.from(data) });

/** A model of layers that follow each other. */
export const stack = (layers, inputShape) => ({
  layers: layers.map((layer, position) => ({ weights: {}, ...layer, inputs: [position], first: position })),
  inputShapes: [inputShape],
  outputs: [layers.length],
});

/** A tensor that must have the wanted shape and, to single precision, the wanted numbers. */
export function assertClose(found, wanted, tolerance = 1e-5) {
  assert.deepEqual([...found.shape], wanted.shape);
  wanted.data.forEach((value, i) => {
    const error = Math.abs(found.data[i] - value);
    assert.ok(
      error <= tolerance * Math.max(1, Math.abs(value)),
      `value ${i}: ${found.data[i]}, and PyTorch has ${value}`,
    );
  });
}
