// What a value sees: the part of each value below, down to the images, that it depends on.

import { boxOf, operationOf, union } from "../engine/index.js";

/**
 * What the value at flat index `unit` of the layer at `position` sees of each value, by their numbers: a box as in
 * engine/seeing.js, {top, left, rows, columns} of an image; null where all of it is seen, 0 rows where nothing is;
 * undefined where there is no way from the one to the other. `shapes`: of all values.
 */
export function reach({ inputShapes, layers }, shapes, position, unit) {
  const first = inputShapes.length;
  const boxes = shapes.map(() => undefined);
  boxes[position + first] = boxOf(shapes[position + first], unit);
  for (let at = position; at >= 0; at--) {
    const box = boxes[at + first];
    if (box === undefined) continue;
    const { steps, inputs: numbers } = layers[at];
    const inputs = numbers.map((value) => shapes[value]);
    numbers.forEach((value, which) => {
      boxes[value] = union(boxes[value], seenThrough(steps, box, { inputs, output: shapes[at + first], which }));
    });
  }
  return boxes;
}

/** The steps behind the first one leave every value at its index: their shapes are all the output's. */
function seenThrough(steps, box, { inputs, output, which }) {
  return steps.reduceRight((seen, settings, i) => {
    const about = i ? { inputs: [output], output, which: 0 } : { inputs, output, which };
    return operationOf(settings).sees(seen, { settings, ...about });
  }, box);
}
