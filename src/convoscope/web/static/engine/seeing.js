// What of a step's input an output sees: told by each operation in operations.js, asked by explorer/reach.js.
//
// A box is {top, left, rows, columns} of an image or of its maps, {unit} of a row of neurons, or one of these two:

/** All of it. */
export const ALL = null;
/** None of it. */
export const NOTHING = Object.freeze({ top: 0, left: 0, rows: 0, columns: 0 });

// Each kind makes a function (box of the output, {settings, inputs: shapes, output: shape, which}) -> box of that input.

/** Each value is computed from the one at its own index. */
export const eachValue = (box) => box;

/** Each value is computed from all of them. */
export const everything = (box) => (box === NOTHING ? NOTHING : ALL);

/** Each value is computed from those that differ from it in the last axis alone. */
export const lastAxis = (box) => (box?.unit === undefined ? box : ALL);

/** The same values in the same order under another shape. */
export function regrouped(box, { inputs: [shape] }) {
  if (box === NOTHING) return NOTHING;
  return box?.unit === undefined ? ALL : boxOf(shape, box.unit);
}

/** Windows of an image; `along(settings, shape)` gives them as geometry.js does. */
export const windowed =
  (along) =>
  (box, { settings, inputs: [shape] }) => {
    if (!isPlace(box)) return box;
    const { rows, columns } = along(settings, shape);
    return clip(
      {
        top: box.top * rows.stride - rows.before,
        left: box.left * columns.stride - columns.before,
        rows: (box.rows - 1) * rows.stride + rows.reach,
        columns: (box.columns - 1) * columns.stride + columns.reach,
      },
      shape,
    );
  };

/** New rows and columns made of old ones; `along(settings, shape)` gives for each the pairs [old one, ...]. */
export const gathered =
  (along) =>
  (box, { settings, inputs: [shape] }) => {
    if (!isPlace(box)) return box;
    const { rows, columns } = along(settings, shape);
    return boxFrom(span(rows, box.top, box.rows), span(columns, box.left, box.columns));
  };

/** The image moved; `by(settings)` gives the pixels before it: [rows, columns]. */
export const moved =
  (by) =>
  (box, { settings, inputs: [shape] }) => {
    if (!isPlace(box)) return box;
    const [rows, columns] = by(settings);
    return clip({ ...box, top: box.top - rows, left: box.left - columns }, shape);
  };

/** Each value is computed from the one at its own index, where an axis of length 1 counts for all indices. */
export function stretched(box, { inputs, output, which }) {
  const shape = inputs[which];
  if (box === ALL || box === NOTHING || shape.every((length, i) => length === output[i])) return box;
  if (shape.length < output.length) return ALL;
  if (box.unit !== undefined) return { unit: 0 };
  const one = { ...box };
  if (shape[0] === 1) [one.top, one.rows] = [0, 1];
  if (shape[1] === 1) [one.left, one.columns] = [0, 1];
  return one;
}

/** Values side by side; `begin(settings, shapes)` gives {axis, offsets}. */
export const sideBySide =
  (begin) =>
  (box, { settings, inputs, which }) => {
    if (box === ALL || box === NOTHING) return box;
    const { axis, offsets } = begin(settings, inputs);
    const length = inputs[which][axis];
    if (box.unit !== undefined) {
      const unit = box.unit - offsets[which];
      return unit >= 0 && unit < length ? { unit } : NOTHING;
    }
    const name = inputs[which].length - axis === 3 ? "top" : inputs[which].length - axis === 2 ? "left" : null;
    if (!name) return box; // channels see the same pixels
    const [height, width] = inputs[which].length === 3 ? inputs[which] : [1, inputs[which][0]];
    return clip({ ...box, [name]: box[name] - offsets[which] }, [height, width]);
  };

/** The box of one value. */
export function boxOf(shape, unit) {
  if (shape.length < 2) return { unit };
  const position = Math.floor(unit / shape.at(-1));
  return { top: Math.floor(position / shape.at(-2)), left: position % shape.at(-2), rows: 1, columns: 1 };
}

/** What two boxes have between them; undefined is one that nobody has asked for yet. */
export function union(one, other) {
  if (one === undefined || one === NOTHING) return other;
  if (other === NOTHING) return one;
  if (one === ALL || other === ALL) return ALL;
  if (one.unit !== undefined) return one.unit === other.unit ? one : ALL;
  const ends = (box) => [box.top, box.left, box.top + box.rows - 1, box.left + box.columns - 1];
  const [a, b] = [ends(one), ends(other)];
  return boxFrom([Math.min(a[0], b[0]), Math.max(a[2], b[2])], [Math.min(a[1], b[1]), Math.max(a[3], b[3])]);
}

const isPlace = (box) => box !== ALL && box !== NOTHING && box.unit === undefined;

function clip({ top, left, rows, columns }, [height, width]) {
  const [y, x] = [Math.max(0, top), Math.max(0, left)];
  return boxFrom([y, Math.min(height, top + rows) - 1], [x, Math.min(width, left + columns) - 1]);
}

/** The old ones of the pairs from the first to the last of some new ones. */
function span(sources, first, count) {
  const seen = sources.slice(first, first + count).flatMap((pairs) => pairs.map(([index]) => index));
  return [seen.reduce((a, b) => Math.min(a, b), Infinity), seen.reduce((a, b) => Math.max(a, b), -Infinity)];
}

function boxFrom([top, bottom], [left, right]) {
  if (bottom < top || right < left) return NOTHING;
  return { top, left, rows: bottom - top + 1, columns: right - left + 1 };
}
