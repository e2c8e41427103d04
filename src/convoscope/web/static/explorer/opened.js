// A model's file as the explorer has it: with the shapes of all values, and which output is explained.

import { layersOf, mainValue, readModel } from "../engine/index.js";

/**
 * Reads a model's file; `layerShapes` are those of what its layers make, `multiplyAdds` what each takes. Beside what readModel gives: {first, shapes,
 * inputShape, main, needed, nameOf}. `first` is how many inputs there are, `shapes` those of all values by their numbers,
 * and `main` the position of the layer whose output is explained; `needed` are the positions of those that it is computed
 * from. Positions are those of layers; the inputs have those before 0: of one input it is −1.
 */
export function openModel(buffer, layerShapes, multiplyAdds = null) {
  const model = readModel(buffer);
  const first = model.inputShapes.length;
  const shapes = [...model.inputShapes, ...layerShapes];
  const main = mainValue(model, (value) => shapes[value]);
  const nameOf = (position) => {
    if (position >= 0) return model.layers[position].name;
    return first === 1 ? "input" : model.inputNames[position + first];
  };
  return {
    ...model,
    first,
    shapes,
    multiplyAdds,
    inputShape: model.inputShapes[0],
    main: main - first,
    needed: layersOf(model, main),
    nameOf,
  };
}

/** The tensors of all values of a run, {inputs, outputs}, by their numbers. */
export const valuesOf = ({ inputs, outputs }) => [...inputs, ...outputs];
