// What a value sees: the part of each layer below, down to the image, that it depends on.

import { meetings, origins, windows } from "../engine/index.js";
import { positionIn } from "./positions.js";

const NOTHING = { top: 0, left: 0, rows: 0, columns: 0 };

/**
 * The part of a layer's input, and so on down to the network's, that a value depends on: for each layer from `position`
 * downwards {top, left, rows, columns} in its input; the last is in the image. null where all of it is seen; 0 rows
 * where none of it is.
 */
export function reach(layers, shapes, position, unit) {
  let box = boxOf(shapes[position + 1], unit);
  const boxes = [];
  for (let at = position; at >= 0; at--) {
    box = below(layers[at].steps[0], shapes[at], box);
    boxes.push(box);
  }
  return boxes;
}

function boxOf(shape, unit) {
  if (shape.length < 2) return { unit };
  const { row, column } = positionIn(shape, unit);
  return { top: row, left: column, rows: 1, columns: 1 };
}

function below(step, shape, box) {
  if (!box || !step || box === NOTHING) return box;
  const { operation } = step;
  if (operation === "flatten" || operation === "reshape") return box.unit === undefined ? null : boxOf(shape, box.unit);
  if (operation === "dense" || operation === "global_pool") return null;
  if (box.unit !== undefined || !Object.hasOwn(BELOW, operation)) return box;
  return BELOW[operation](step, shape, box);
}

const BELOW = {
  convolve: (step, shape, box) => through(windows(shape, ...step.kernel.shape.slice(0, 2), step), shape, box),
  pool({ size, stride, padding }, shape, box) {
    const [height, width = height] = [size].flat();
    return through(windows(shape, height, width, { stride, padding }), shape, box);
  },
  zero_pad: ({ padding: [[top], [left]] }, shape, box) =>
    clip({ ...box, top: box.top - top, left: box.left - left }, shape),
  convolve_transposed: (step, shape, box) => between(meetings(shape, step.kernel, step), box),
  enlarge: (step, shape, box) => between(origins(shape, step), box),
};

/** What windows see that stand at the positions of a box. */
function through({ rows, columns }, shape, box) {
  return clip(
    {
      top: box.top * rows.stride - rows.before,
      left: box.left * columns.stride - columns.before,
      rows: (box.rows - 1) * rows.stride + rows.reach,
      columns: (box.columns - 1) * columns.stride + columns.reach,
    },
    shape,
  );
}

function clip({ top, left, rows, columns }, [height, width]) {
  const [y, x] = [Math.max(0, top), Math.max(0, left)];
  return boxFrom([y, Math.min(height, top + rows) - 1], [x, Math.min(width, left + columns) - 1]);
}

/** The old pixels that the new ones in a box are made of, from the first to the last. */
function between({ rows, columns }, box) {
  const span = (sources, first, count) => {
    const seen = sources.slice(first, first + count).flatMap((pairs) => pairs.map(([index]) => index));
    return [seen.reduce((a, b) => Math.min(a, b), Infinity), seen.reduce((a, b) => Math.max(a, b), -Infinity)];
  };
  return boxFrom(span(rows, box.top, box.rows), span(columns, box.left, box.columns));
}

function boxFrom([top, bottom], [left, right]) {
  if (bottom < top || right < left) return NOTHING;
  return { top, left, rows: bottom - top + 1, columns: right - left + 1 };
}
