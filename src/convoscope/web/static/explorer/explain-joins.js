// One value of a layer that joins several in numbers: what came from which of them.

import { combined, offsets, sampleAxis, stretchedFrom } from "../engine/index.js";

/** Of values combined index by index: what each of them has there. */
export function explainCombined({ mode }, inputs, shape, unit) {
  const terms = inputs.map((input, which) => {
    const indices = stretchedFrom(input.shape, shape);
    const index = indices ? indices[unit] : unit;
    return { which, index, value: input.data[index], stretched: indices !== null };
  });
  const value = combined(
    mode,
    terms.map((each) => each.value),
  );
  const best = mode === "maximum" || mode === "minimum" ? terms.findIndex((each) => each.value === value) : null;
  return { kind: "combine", mode, terms, best, value };
}

/** Of values side by side: which of them this one is from. */
export function explainConcatenated({ axis }, inputs, shape, unit) {
  const shapes = inputs.map((input) => input.shape);
  const at = sampleAxis(axis, shape.length);
  const begins = offsets(shapes, axis);
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const along = Math.floor(unit / inner) % shape[at];
  const which = begins.findLastIndex((begin, i) => begin <= along && shapes[i][at] > 0);
  const outer = Math.floor(unit / (inner * shape[at]));
  const own = along - begins[which];
  const index = (outer * shapes[which][at] + own) * inner + (unit % inner);
  return { kind: "concatenate", which, index, axis: at, along, own, begins, value: inputs[which].data[index] };
}
