// Repair the network whose shapes do not fit.

import { codeOf, shapesOf } from "../layers.js";

const CLASSES = 10;

const conv = (filters, window, more = {}) => ({ type: "Conv2D", filters, window, ...more });
const pool = (window = 2) => ({ type: "MaxPooling2D", window });
const flatten = { type: "Flatten" };
const dense = (units) => ({ type: "Dense", units });

/** Each makes {input, layers} with one wrong setting. */
const FAULTS = [
  (chance, units) => ({ input: [28, 28], layers: [conv(units, 3), pool(), conv(units, 3), pool(), flatten, dense(128), dense(CLASSES)] }),
  (chance, units) => ({ input: [28, 28, 1], layers: [conv(units, 3), pool(), conv(units, 3), pool(), flatten, dense(128), dense(chance.pick([9, 8, 11, 128]))] }),
  (chance, units) => ({ input: [28, 28, 1], layers: [conv(units, 3), pool(), conv(units, 3), pool(), conv(units, 7), flatten, dense(CLASSES)] }),
  (chance, units) => ({ input: [28, 28, 1], layers: [conv(units, 5), pool(chance.pick([9, 10, 12])), conv(units, 3), flatten, dense(CLASSES)] }),
  (chance, units) => ({ input: [32, 32, 3], layers: [conv(units, 3, { stride: chance.pick([8, 10]) }), pool(), conv(units, 3), flatten, dense(CLASSES)] }),
  (chance, units) => ({ input: [28, 28, 1], layers: [conv(units, 3), pool(), { type: "Reshape", shape: [chance.pick([12, 14, 26]) ** 2 * units] }, dense(CLASSES)] }),
]; // prettier-ignore

export const network = {
  name: "network",
  title: "Repair the network",

  draw(chance) {
    const { input, layers } = chance.pick(FAULTS)(chance, chance.pick([16, 32, 64]));
    return { input, layers, classes: CLASSES };
  },

  build({ input, layers, classes = CLASSES, text, hint, explanation }) {
    const first = wrongIn(shapesOf(layers, input), classes, layers);
    return {
      text: text ?? [
        `This network should sort images into ${classes} classes, but one of its settings is wrong. Change that setting until every shape fits and the network outputs ${classes} scores.`,
      ],
      shows: [],
      asks: { kind: "layers", label: "Network", input, layers, classes },
      judge(answer) {
        const found = shapesOf(answer.layers, answer.input);
        const says = wrongIn(found, classes, answer.layers);
        const changed = countChanges(answer, { input, layers });
        if (says) return { right: false, says: changed ? says : `Nothing has been changed yet. ${says}` };
        return { right: true, says: changed > 1 ? `It fits. One setting would have been enough; you changed ${changed}.` : "" };
      },
      hint: hint ?? ["Read the shapes from top to bottom, and stop at the first shape that you did not expect.", first],
      explanation: [...(explanation ?? []), `At the start, this was wrong: ${first}`, "Each layer takes the output of the layer above it; the last layer must output a score for each class."],
      link: null,
    };
  },
};

/** What is wrong with a network, in words; "" where nothing is. */
export function wrongIn({ shapes, problem }, classes, layers) {
  if (problem) return `${codeOf(layers[problem.layer])}: ${problem.says}`;
  const last = shapes.at(-1);
  if (last.length === 1 && last[0] === classes) return "";
  if (last.length > 1) return `The output is (${last.join(", ")}): an image, not a score for each class.`;
  return `There are ${classes} classes, but the network outputs ${last[0]} scores.`;
}

function countChanges(answer, { input, layers }) {
  const differs = (one, other) => JSON.stringify(one) !== JSON.stringify(other);
  const settings = layers.flatMap((layer, i) => Object.keys(layer).map((name) => differs(answer.layers[i][name], layer[name])));
  return settings.filter(Boolean).length + (differs(answer.input, input) ? 1 : 0);
}
