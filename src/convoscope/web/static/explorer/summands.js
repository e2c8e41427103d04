// The maps that a convolution adds up: what each map below contributes to one of its maps, at every place.

import { operationOf } from "../engine/index.js";
import { channelsOf, linearSteps, oneFilter, sliced } from "./before-activation.js";

/** Whether a map of the layer is a sum over several maps: of a plain or transposed convolution. */
export function hasSummands(layer, [input]) {
  const steps = linearSteps(layer);
  const [{ operation, groups = 1 }] = steps.length ? steps : [{}];
  return (
    steps.length === 1 && ["convolve", "convolve_transposed"].includes(operation) && groups === 1 && input.shape.at(-1) > 1
  );
}

/** What map `from` of the layer's input contributes to map `channel`: (height, width, 1). All, and the bias, are `mapBefore`. */
export function summand(layer, [input], channel, from) {
  const [step] = oneFilter(linearSteps(layer)[0], input, channel);
  const transposed = step.operation === "convolve_transposed"; // what goes in is its last axis
  const axis = step.kernel.shape.length - (transposed ? 1 : 2);
  const kernel = sliced(step.kernel, axis, step.kernel.shape.slice(axis + 1).reduce((a, b) => a * b, 1), from);
  return operationOf(step).forward(channelsOf(input, from, 1), { ...step, kernel, bias: null });
}
