// Which of several outputs is explained. explore/submodels.py has the same rule.

export const SATURATING = ["softmax", "sigmoid"];

/**
 * The number of the value that is a model's main output: one with a score for each class, else an image, else the first.
 * Of several with scores, the one that fits the class names comes first, then one that ends in probabilities.
 * `shapeOf(value)` tells shapes.
 */
export function mainValue({ inputShapes, layers, outputs, classNames }, shapeOf) {
  if (outputs.length === 1) return outputs[0];
  const ranks = outputs.map((value) => {
    const shape = shapeOf(value);
    const scores = shape.length === 1;
    const fits = scores && shape[0] === classNames?.length;
    const sure = scores && SATURATING.includes(layers[value - inputShapes.length]?.steps.at(-1)?.name);
    const image = shape.length === 3 && [1, 3].includes(shape[2]);
    return 8 * scores + 4 * fits + 2 * sure + image;
  });
  return outputs[ranks.indexOf(Math.max(...ranks))];
}

/** The positions of the layers that a value is computed from, its own among them. */
export function layersOf({ inputShapes, layers }, value) {
  const first = inputShapes.length;
  const needed = new Set([value]);
  for (let position = layers.length - 1; position >= 0; position--)
    if (needed.has(position + first)) for (const each of layers[position].inputs) needed.add(each);
  return layers.flatMap((_, position) => (needed.has(position + first) ? [position] : []));
}
