// A small list of layers: which shapes they make, and what is wrong where one does not fit.

import { axis } from "../engine/index.js";
import { shapeText } from "./writing.js";

/**
 * What a list of layers makes of an input: {shapes, problem}. `shapes[i]` is what layer i gives, up to the first that
 * does not fit; `problem` is {layer, says}, or null.
 *
 * A layer is {type, ...settings}: Conv2D {filters, window, stride, padding}, MaxPooling2D {window}, Flatten,
 * Reshape {shape}, Dense {units}.
 */
export function shapesOf(layers, input) {
  const shapes = [];
  let shape = input;
  for (const [layer, each] of layers.entries()) {
    const made = MAKES[each.type](shape, each);
    if (typeof made === "string") return { shapes, problem: { layer, says: made } };
    shapes.push(made);
    shape = made;
  }
  return { shapes, problem: null };
}

const product = (shape) => shape.reduce((a, b) => a * b, 1);
const noImage = (shape, what) =>
  `${what} takes images with a channel axis, (height, width, channels). Here, its input is (${shape.join(", ")}).`;

const MAKES = {
  Conv2D(shape, { filters, window, stride = 1, padding = "valid" }) {
    if (shape.length !== 3) return noImage(shape, "A convolution");
    const made = overWindows(shape, window, { stride, padding });
    return made ? [...made, filters] : tooLarge("kernel", window, shape);
  },
  MaxPooling2D(shape, { window }) {
    if (shape.length !== 3) return noImage(shape, "A pooling");
    const made = overWindows(shape, window, { stride: window });
    return made ? [...made, shape[2]] : tooLarge("window", window, shape);
  },
  Flatten: (shape) => [product(shape)],
  Reshape(shape, { shape: wanted }) {
    if (product(wanted) === product(shape)) return wanted;
    return `${shapeText(wanted)} has ${product(wanted).toLocaleString("en")} values, but the input has ${product(shape).toLocaleString("en")}.`;
  },
  Dense: (shape, { units }) => [...shape.slice(0, -1), units],
};

/** [height, width] of the output; null where no window fits. */
function overWindows([height, width], window, options) {
  const [rows, columns] = [axis(height, window, options).out, axis(width, window, options).out];
  return rows && columns ? [rows, columns] : null;
}

const tooLarge = (what, window, [height, width]) => `A ${what} of ${window}×${window} does not fit into ${height}×${width} pixels.`;

/** A layer as code. */
export function codeOf({ type, filters, window, stride = 1, padding = "valid", shape, units }) {
  if (type === "Conv2D") {
    const more = `${stride === 1 ? "" : `, strides=${stride}`}${padding === "valid" ? "" : `, padding="${padding}"`}`;
    return `Conv2D(${filters}, (${window}, ${window})${more})`;
  }
  if (type === "MaxPooling2D") return `MaxPooling2D((${window}, ${window}))`;
  if (type === "Reshape") return `Reshape((${shape.join(", ")}))`;
  return type === "Dense" ? `Dense(${units})` : `${type}()`;
}
