// How a graph is laid out: layers below each other where all ways lead through them, branches side by side between.

/**
 * The layout of a model's values, {inputShapes, layers}, from the inputs upwards: a column is a list of values' numbers
 * and of blocks {branches: [column, column, ...]}, which stand side by side, the longest first.
 */
export function columnsOf({ inputShapes, layers }) {
  const reads = [...inputShapes.map(() => []), ...layers.map(({ inputs }) => inputs)];
  const above = reads.map((_, value) => new Set([value])); // all that a value has a part in
  for (let value = reads.length - 1; value >= 0; value--)
    for (const below of new Set(reads[value])) for (const each of above[value]) above[below].add(each);
  return arranged(
    reads.map((_, value) => value),
    reads,
    above,
  );
}

/** The column of some values, in order. */
function arranged(values, reads, above) {
  const parts = partsOf(values, reads);
  if (parts.length > 1) {
    const branches = parts.map((part) => arranged(part, reads, above));
    return [{ branches: branches.sort((a, b) => sizeOf(b) - sizeOf(a)) }];
  }
  // What stands alone at its height: each other value has a part in it, or it has a part in that.
  const alone = values.filter((value) =>
    values.every((other) => (other < value ? above[other].has(value) : above[value].has(other))),
  );
  if (!alone.length) return values; // branches that cross: below each other, in the order in which they are computed
  const column = [];
  let from = 0;
  for (const value of [...alone, null]) {
    const to = value === null ? values.length : values.indexOf(value);
    if (to > from) column.push(...arranged(values.slice(from, to), reads, above));
    if (value !== null) column.push(value);
    from = to + 1;
  }
  return column;
}

/** The parts of some values that do not hang together, each in order. */
function partsOf(values, reads) {
  const part = new Map(values.map((value) => [value, value]));
  const find = (value) => {
    while (part.get(value) !== value) value = part.get(value);
    return value;
  };
  for (const value of values)
    for (const below of reads[value]) if (part.has(below)) part.set(find(value), find(below));
  const found = new Map();
  for (const value of values) {
    const own = find(value);
    if (!found.has(own)) found.set(own, []);
    found.get(own).push(value);
  }
  return [...found.values()];
}

const sizeOf = (column) =>
  column.reduce((sum, item) => sum + (item.branches ? item.branches.reduce((all, each) => all + sizeOf(each), 0) : 1), 0);

/**
 * The connections that neighbours in the layout do not show, as pairs [from, to]: shortcuts past what stands between.
 */
export function shortcuts(column, { inputShapes, layers }) {
  const shown = new Set();
  neighbours(column, [], (from, to) => shown.add(`${from} ${to}`));
  return layers.flatMap(({ inputs }, position) => {
    const to = position + inputShapes.length;
    return [...new Set(inputs)].filter((from) => !shown.has(`${from} ${to}`)).map((from) => [from, to]);
  });
}

/** Tells of each pair of neighbours; returns the values at the upper end of a column, `below` being those before it. */
function neighbours(column, below, tell) {
  for (const item of column) {
    if (item.branches) {
      below = item.branches.flatMap((branch) => neighbours(branch, below, tell));
    } else {
      for (const from of below) tell(from, item);
      below = [item];
    }
  }
  return below;
}
