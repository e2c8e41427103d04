// Values that are still an image: what its channels are called, and which colour each of their values is.

import { extent } from "../shared/scale.js";
import { imageShape } from "./images.js";

const NAMES = ["red", "green", "blue"];
const KEEPING = ["rescale", "standardize", "batch_normalize", "zero_pad", "crop", "resize", "enlarge"]; // each channel stays itself

/**
 * The value with this number (of a model from opened.js) as an image: {colours, range}; null where it is none any more. `colours`
 * says whether its channels are red, green and blue; `range` is [black, white], null where that is not known.
 */
export function imageOf({ first, layers, shapes }, ranges, value) {
  const passed = [];
  let at = value;
  while (at >= first) {
    const { inputs, steps } = layers[at - first];
    if (inputs.length !== 1 || !steps.every(({ operation }) => KEEPING.includes(operation))) return null;
    passed.unshift(...steps);
    [at] = inputs;
  }
  const shape = imageShape(shapes[at]);
  if (!shape || shapes[value].length !== shapes[at].length) return null;
  let range = ranges[at];
  for (const { operation, scale, offset } of passed) {
    if (operation === "rescale") range = range?.map((each) => each * scale + offset) ?? null;
    else if (["standardize", "batch_normalize"].includes(operation)) range = null;
  }
  return { colours: shape[2] === 3, range };
}

/** What a channel is called: by its colour in an image, by its number else. `image`: from imageOf. */
export const channelName = (image, channel) => (image?.colours ? NAMES[channel] : `map ${channel}`);

/** How the values of an image's channel are coloured, value => [red, green, blue]; null where `image` is none. */
export function shadeOf(image, channel, tensor) {
  if (!image) return null;
  const [low, high] = rangeIn(image, tensor);
  return (value) => {
    const light = Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
    return image.colours ? tinted(channel, light) : [light, light, light];
  };
}

/** The range of an image's values, of those that it has where nothing else is known. */
export function rangeIn({ range }, tensor) {
  if (range) return range;
  const { low, high } = extent(tensor);
  return [low, high];
}

/** A channel's colour at a lightness from 0 to 255. */
export const tinted = (channel, light) => [0, 1, 2].map((each) => (each === channel ? light : 0));
