// Which layer a tour means: “first convolution”, “output”, “image”, or a layer's own name.

const relu = ({ type, config }) =>
  type === "ReLU" ? !config.negative_slope && !config.threshold : ["relu", "relu6"].includes(config.activation);

/** The words for kinds of layers, and which layers they are. web/tours.py has the same words. */
export const KINDS = {
  convolution: ({ type }) => ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"].includes(type),
  "transposed convolution": ({ type }) => type === "Conv2DTranspose",
  upsampling: ({ type }) => type === "UpSampling2D",
  relu,
  pooling: ({ type }) => ["MaxPooling2D", "AveragePooling2D"].includes(type),
  "global pooling": ({ type }) => ["GlobalMaxPooling2D", "GlobalAveragePooling2D"].includes(type),
  "dense layer": ({ type }) => type === "Dense",
  addition: ({ type }) => type === "Add",
};
export const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/**
 * The position of the layer that a tour calls `words`, of a model from opened.js; undefined where there is none. Only
 * layers that the explained output is computed from are counted.
 */
export function findLayer(model, words) {
  if (words === "image") return -model.first;
  if (words === "output") return model.main;
  const named = model.layers.findIndex(({ name }) => name === words);
  if (named >= 0) return named;
  const [ordinal, ...rest] = words.toLowerCase().split(" ");
  const positions = ofKind(model, rest.join(" "));
  return ordinal === "last" ? positions.at(-1) : positions[ORDINALS.indexOf(ordinal)];
}

/** The positions of the layers of a kind, from the image upwards. */
export function ofKind(model, kind) {
  if (!Object.hasOwn(KINDS, kind)) return [];
  return model.needed.filter((position) => KINDS[kind](model.layers[position]));
}
