// How much of the image does one value see?

import { windowed, windows } from "../../engine/index.js";
import { judgeNumber } from "../judging.js";
import { codeOf } from "../layers.js";

const SIDE = 301; // pixels of an image in which no window meets the edge

export const receptive = {
  name: "receptive",
  title: "How large is the receptive field?",

  draw(chance) {
    const conv = () => ({ type: "Conv2D", filters: 32, window: chance.pick([3, 3, 5]), stride: 1 });
    const pool = { type: "MaxPooling2D", window: 2 };
    const layers = chance.pick([
      () => [conv(), conv()],
      () => [conv(), pool],
      () => [conv(), pool, conv()],
      () => [conv(), conv(), conv()],
      () => [conv(), pool, conv(), pool],
      () => [{ ...conv(), stride: 2 }, conv()],
    ])();
    return { layers };
  },

  build({ layers, text, hint, explanation }) {
    const fields = layers.map((_, i) => fieldOf(layers.slice(0, i + 1)));
    const value = fields.at(-1);
    return {
      text: text ?? ["These layers follow one another, without padding.", "How many pixels of the image, from left to right, does one value of the last layer depend on?"],
      shows: [{ kind: "code", text: layers.map(codeOf).join("\n") }],
      asks: { kind: "number", label: "Width in pixels", whole: true },
      judge: (answer) => judgeNumber(answer, { value, mistakes: mistakesIn(layers, fields) }),
      hint: hint ?? [
        "Go backwards: one value of the last layer sees a window of the layer before. How many pixels do the values in that window see together?",
        "A kernel of size k adds k − 1 steps. A step is as many pixels of the image as the product of all strides before it.",
      ],
      explanation: [...(explanation ?? []), { kind: "equation", lines: linesOf(layers, fields) }, "Two convolutions of 3×3 see 5×5 pixels, and a pooling or stride between them makes each further step twice as long. That is how late layers see whole parts of an object."],
      link: { page: "explorer", state: "", says: "See receptive fields in a trained network" },
    };
  },
};

const along = ({ window, type, stride = type === "MaxPooling2D" ? window : 1 }) => ({ window, stride });

/** The width of what one value of the last layer is computed from, by the engine's own boxes. */
function fieldOf(layers) {
  const shapes = [[SIDE, SIDE, 1]];
  for (const layer of layers) {
    const { window, stride } = along(layer);
    const { rows, columns } = windows(shapes.at(-1), window, window, { stride });
    shapes.push([rows.out, columns.out, 1]);
  }
  const middle = shapes.at(-1)[0] >> 1;
  let box = { top: middle, left: middle, rows: 1, columns: 1 };
  for (let i = layers.length - 1; i >= 0; i--) {
    const { window, stride } = along(layers[i]);
    const sees = windowed((_, shape) => windows(shape, window, window, { stride }));
    box = sees(box, { settings: {}, inputs: [shapes[i]] });
  }
  return box.columns;
}

function mistakesIn(layers, fields) {
  const all = layers.map(along);
  const unstrided = 1 + all.reduce((sum, { window }) => sum + window - 1, 0);
  const sum = all.reduce((total, { window }) => total + window, 0);
  const product = all.reduce((total, { window }) => total * window, 1);
  return [
    [fields.at(-1) ** 2, "That is the number of pixels in the square. The question asks for its width."],
    [unstrided, "You counted every step as one pixel. After a stride or a pooling of 2, a step is 2 pixels of the image."],
    [sum, "You added up the windows. They overlap: each further window adds one less than its size."],
    [product, "You multiplied the windows. Neighbouring windows overlap, so the field grows more slowly."],
    [all.at(-1).window, "That is the window of the last layer, in pixels of the layer before. How much of the image do the values in it see?"],
    ...fields.slice(0, -1).map((field, i) => [field, `That is the receptive field after ${codeOf(layers[i])}. There are layers after it.`]),
  ];
}

function linesOf(layers, fields) {
  let step = 1;
  return layers.map((layer, i) => {
    const { window, stride } = along(layer);
    const line = `${codeOf(layer)}:  ${i ? fields[i - 1] : 1} + (${window} − 1) × ${step} = ${fields[i]}`;
    step *= stride;
    return line;
  });
}
