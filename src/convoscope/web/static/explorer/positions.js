// Places in a layer's values: flat indexes, and rows, columns and channels.

/** The position of a flat index in a shape: {row, column, channel}; row and column are 0 for a row of neurons. */
export function positionIn(shape, index) {
  const channels = shape.at(-1);
  const columns = shape.length > 1 ? shape.at(-2) : 1;
  const position = Math.floor(index / channels);
  return { row: Math.floor(position / columns), column: position % columns, channel: index % channels };
}

/** The flat index of a position in a shape. */
export function indexIn(shape, { row = 0, column = 0, channel }) {
  return shape.length > 1 ? (row * shape.at(-2) + column) * shape.at(-1) + channel : channel;
}

/** The flat index of the value of a channel that is farthest from 0. */
export function strongest({ data, shape }, channel) {
  let found = channel;
  for (let i = channel; i < data.length; i += shape.at(-1)) if (Math.abs(data[i]) > Math.abs(data[found])) found = i;
  return found;
}

/** The flat index of the value that is farthest from 0. */
export function strongestOfAll({ data }) {
  return data.reduce((top, number, i) => (Math.abs(number) > Math.abs(data[top]) ? i : top), 0);
}
