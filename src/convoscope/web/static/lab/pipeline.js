// From the state to results: which steps fit, what the engine makes of them, and how it will be coloured.

import { MAP } from "../shared/network-map.js";
import { channelOf, extent, scaleFor } from "../shared/scale.js";
import { channelsAfter, compile } from "./steps.js";
import { geometryOf } from "./walk.js";

/**
 * Runs the chain on `image`. Resolves to {results, error}, or null where a newer run overtook this one.
 *
 * A result is {step, input, apart, raw, output, geometry}; results end before the first step that does not fit, and
 * `error` then says why.
 */
export async function runChain(engine, image, steps) {
  const { geometries, error } = fits(steps, image.shape);
  const fitting = steps.slice(0, geometries.length);
  const { program, positions } = compile(fitting, image.shape[2]);
  const outputs = await engine.run(program);
  if (!outputs) return null;
  let input = image;
  const results = fitting.map((step, i) => {
    const { apart, raw, output } = positions[i];
    const result = {
      step,
      input,
      apart: outputs[apart],
      raw: outputs[raw],
      output: outputs[output],
      geometry: geometries[i],
    };
    input = result.output;
    return result;
  });
  return { results, error };
}

/** The geometry of each step up to the first that does not fit. */
export function fits(steps, shape) {
  const geometries = [];
  let [height, width, channels] = shape;
  for (const step of steps) {
    try {
      const geometry = geometryOf(step, [height, width, channels]);
      geometries.push(geometry);
      [height, width] = [geometry.rows.out, geometry.columns.out];
      channels = channelsAfter(step, channels);
    } catch (problem) {
      return { geometries, error: `Step ${geometries.length + 1}: ${problem.message}` };
    }
  }
  return { geometries, error: "" };
}

/** How the chosen step is coloured: scales {input, output, inputPlane}, and the channels shown {inputChannel, channel}. */
export function scalesOf(results, selected, { look, range, channel, image }) {
  const { input, output } = results[selected];
  const limit = range === "shared" ? Math.max(...results.map((one) => largest(one.output)), 1e-6) : null;
  const inputChannel = Math.min(channel, input.shape[2] - 1);
  const outputChannel = Math.min(channel, output.shape[2] - 1);
  // What came in is coloured as it was when it went out of the step before; the image itself is an image, or a map.
  const lookIn = selected || image.startsWith(MAP) ? look : "auto";
  return {
    channel: outputChannel,
    input: scaleFor(input, lookIn, selected ? limit : null),
    output: scaleFor(output, look, limit),
    inputPlane: scaleFor(channelOf(input, inputChannel), lookIn, selected ? limit : null),
    inputChannel,
  };
}

function largest(tensor) {
  const { low, high } = extent(tensor);
  return Math.max(Math.abs(low), Math.abs(high));
}
