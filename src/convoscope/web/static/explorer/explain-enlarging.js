// One value of a layer that enlarges in numbers: what is painted over it, or the pixels that it lies between.

import { meetings, origins, resized } from "../engine/index.js";
import { indexIn } from "./positions.js";

const total = (values) => values.reduce((a, b) => a + b, 0);

/**
 * A value of a transposed convolution, gathered: the pixels below whose painted kernels cover it, and the numbers of
 * these kernels that meet there. As the arithmetic of a convolution; `meets` names the kernel's rows and columns, and
 * where it has none the bias is all that is left.
 */
export function explainTransposed(step, input, { row, column, channel: filter }) {
  const { kernel, bias: biases } = step;
  const [, width, filters, channels] = kernel.shape;
  const { rows, columns } = meetings(input.shape, kernel, step);
  const [above, beside] = [rows[row], columns[column]];
  const parts = Array.from({ length: channels }, (_, channel) => {
    const cells = above.map(([i, y]) =>
      beside.map(([j, x]) => {
        const index = indexIn(input.shape, { row: i, column: j, channel });
        const weightIndex = ((y * width + x) * filters + filter) * channels + channel;
        const [value, weight] = [input.data[index], kernel.data[weightIndex]];
        return { row: i, column: j, inside: true, index, value, tap: [y, x], weightIndex, weight, product: value * weight };
      }),
    );
    return { channel, cells, sum: total(cells.flat().map(({ product }) => product)) };
  });
  const sum = total(parts.map((part) => part.sum));
  const bias = biases ? biases.data[filter] : 0;
  const meets = above.length && beside.length ? { rows: above.map(([, y]) => y), columns: beside.map(([, x]) => x) } : null;
  return { kind: "convolve_transposed", parts, meets, sum, bias, biasIndex: filter, before: sum + bias, value: sum + bias };
}

/** A value of an image in another size: the pixels below that it is made of, and what stands outside of the image. */
export function explainResized(step, input, { row, column, channel }) {
  const [height, width] = input.shape;
  const { rows, columns } = resized(input.shape, step);
  const cells = rows[row].map(([i, vertical]) =>
    columns[column].map(([j, horizontal]) => {
      const inside = i >= 0 && i < height && j >= 0 && j < width;
      const index = inside ? indexIn(input.shape, { row: i, column: j, channel }) : -1;
      const [value, share] = [inside ? input.data[index] : step.fill, vertical * horizontal];
      return { row: i, column: j, index, value, share, product: share * value };
    }),
  );
  return { kind: "enlarge", cells, channel, value: total(cells.flat().map(({ product }) => product)) };
}

/** A value of an enlarged image: the pixels below that it is made of, each with its share. */
export function explainEnlarged(step, input, { row, column, channel }) {
  const { rows, columns } = origins(input.shape, step);
  const cells = rows[row].map(([i, vertical]) =>
    columns[column].map(([j, horizontal]) => {
      const index = indexIn(input.shape, { row: i, column: j, channel });
      const [value, share] = [input.data[index], vertical * horizontal];
      return { row: i, column: j, index, value, share, product: share * value };
    }),
  );
  return { kind: "enlarge", cells, channel, value: total(cells.flat().map(({ product }) => product)) };
}
