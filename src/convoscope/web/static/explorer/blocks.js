// Blocks: layers next to each other whose names begin alike, block2a_expand_conv and block2a_dwconv, stand in one box.

const MANY = 40; // layers from which on all blocks are closed at first

// The beginnings that say which block a layer is in, the most telling first.
const BEGINNINGS = [
  /^(.*?block_?\d+[a-z]*)[._]/i, // block2a_dwconv, block_1_expand, conv2_block1_1_conv
  /^((?:layers?|stages?|features)[._]?\d+(?:[._]\d+)?)[._]/i, // layer1.0.conv1, features.3.conv
  /^([a-z]+_?\d+[a-z]?)[._](?=[a-z])/i, // fire2_squeeze, conv1_bn
  /^([a-z]+)[._](?=[a-z])/i, // stem_conv, top_bn
];

/** The block that a layer's name says it is in; null where it says none, as names do that the library has made up. */
export function blockOf({ name, type }) {
  const [path, leaf] = cut(name);
  const given = leaf.replace(/ \(\d+\w\w call\)$/, "").replace(/_\d+$/, "") !== automatic(type);
  const found = given ? BEGINNINGS.map((each) => each.exec(leaf)?.[1]).find(Boolean) : undefined;
  return found === undefined ? path || null : path ? `${path}/${found}` : found;
}

/** A name's path, of the models that stand in the model, and what is behind it. */
function cut(name) {
  const at = name.lastIndexOf("/");
  return at < 0 ? ["", name] : [name.slice(0, at), name.slice(at + 1)];
}

/** The name that a layer of a type has if it was given none: conv2d, batch_normalization. */
const automatic = (type) =>
  type
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

/**
 * The layout of branches.js with blocks in it: {block: name, column}. `keyOf(value)` is the block's name, or null. One
 * layer alone is no block.
 */
export function inBlocks(column, keyOf) {
  const runs = [];
  for (const item of column) {
    const key = keyOfItem(item, keyOf);
    if (key !== null && runs.at(-1)?.key === key) runs.at(-1).column.push(item);
    else runs.push({ key, column: [item] });
  }
  return runs.flatMap(({ key, column: items }) => {
    if (key !== null && valuesIn(items).length > 1) return [{ block: key, column: items }];
    return items.map((item) => (item.branches ? { branches: item.branches.map((each) => inBlocks(each, keyOf)) } : item));
  });
}

function keyOfItem(item, keyOf) {
  const keys = valuesIn([item]).map(keyOf);
  return keys.every((each) => each === keys[0]) ? keys[0] : null;
}

/** The numbers of the values in a column, in its order. */
export function valuesIn(column) {
  return column.flatMap((item) => (item.branches ? item.branches.flatMap(valuesIn) : (item.column ? valuesIn(item.column) : [item])));
}

/** The blocks of a layout, from below. */
export function blocksIn(column) {
  return column.flatMap((item) => (item.branches ? item.branches.flatMap(blocksIn) : item.column ? [item] : []));
}

/**
 * What there is to say of a block of a model (from opened.js): {layers, from, to, parameters, multiplyAdds, skips}. `from`
 * and `to` are shapes, `skips` says that a value passes by some of its layers and is added or joined at its end.
 */
export function factsOf({ block, column }, { layers, shapes, first, multiplyAdds }) {
  const values = valuesIn(column);
  const own = values.map((value) => layers[value - first]);
  const outside = own.flatMap(({ inputs }) => inputs.filter((value) => !values.includes(value)));
  const last = own.at(-1);
  return {
    name: block,
    layers: values.length,
    from: shapes[outside[0] ?? values[0]],
    to: shapes[values.at(-1)],
    parameters: own.reduce((sum, { parameters, first: call }, i) => sum + (call === values[i] - first ? parameters : 0), 0),
    multiplyAdds: multiplyAdds ? values.reduce((sum, value) => sum + multiplyAdds[value - first], 0) : null,
    skips: last.inputs.length > 1 && outside.some((value) => last.inputs.includes(value)),
  };
}

/** The numbers of the blocks that are open at first: all, or of a large network none. */
export function openAtFirst(model, blocks) {
  return model.layers.length > MANY ? [] : blocks.map((_, i) => i);
}
