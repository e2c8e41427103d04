// What the last layer adds up: features times weights are a class' score before softmax, its logit.

// What comes between maps and features: each feature is still of one map, or that mean or value of it brought to another scale.
const BETWEEN = ["flatten", "global_pool", "normalize_unit"];

/**
 * Where a model (from opened.js) has its features: {dense, features, maps}: the position of the last dense layer, the number
 * of the value that goes into it, and that of the maps which the features are means or values of; `maps` is null where they
 * are of none. Null for a network that does not end in a dense layer.
 */
export function featuresOf({ layers, main, first, shapes }) {
  let dense = main;
  while (dense >= 0 && layers[dense].steps.every(({ operation }) => operation === "activate")) dense = layers[dense].inputs[0] - first;
  if (dense < 0 || layers[dense].type !== "Dense") return null;
  const [features] = layers[dense].inputs;
  if (shapes[features].length !== 1) return null;
  let value = features;
  while (value >= first && layers[value - first].steps.every(({ operation }) => BETWEEN.includes(operation))) {
    [value] = layers[value - first].inputs;
    if (shapes[value].length === 3) break;
  }
  return { dense, features, maps: shapes[value].length === 3 ? value : null };
}

/**
 * What each feature adds to the logit of a class: {terms (Float64Array), bias, sum, logit}, in double precision. A single
 * output speaks for class 1; what speaks against that speaks for class 0.
 */
export function contributions({ kernel, bias }, features, classIndex) {
  const outputs = kernel.shape[1];
  const [column, sign] = outputs === 1 ? [0, classIndex ? 1 : -1] : [classIndex, 1];
  const terms = Float64Array.from(features, (each, i) => sign * each * kernel.data[i * outputs + column]);
  const constant = sign * (bias?.data[column] ?? 0);
  const sum = terms.reduce((a, b) => a + b, 0);
  return { terms, bias: constant, sum, logit: sum + constant };
}

/** The features that speak most for a class, the strongest first, and how many more do and what they add. */
export function strongestOf(terms, count) {
  const order = [...terms.keys()].filter((i) => terms[i] > 0).sort((a, b) => terms[b] - terms[a]);
  const rest = order.slice(count);
  return { best: order.slice(0, count), more: rest.length, theirs: rest.reduce((sum, i) => sum + terms[i], 0) };
}

/** The map that a feature is of: (height, width, 1). Of a flattened map it is the whole one that its value stands in. */
export function mapOf({ data, shape }, feature) {
  const [height, width, channels] = shape;
  const channel = feature % channels;
  const map = new Float32Array(height * width);
  for (let i = 0; i < map.length; i++) map[i] = data[i * channels + channel];
  return { shape: [height, width, 1], data: map };
}
