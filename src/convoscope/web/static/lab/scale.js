// How values become colours, honestly: signed results are centred on zero, and what a scale cannot show is marked.

import { CLIPPED, css, diverging, divergingTable } from "../shared/colour.js";

/**
 * The scale for a tensor. look: "image" (0 black, 255 white), "signed" (zero-centred), or "auto", which takes the
 * image's where the values are an image's. `limit` (or null for the tensor's own) is the end of a signed scale.
 *
 * Returns {kind: "image" | "signed" | "positive", limit}.
 */
export function scaleFor(tensor, look, limit = null) {
  const { low, high } = extent(tensor);
  const own = limit ?? Math.max(Math.abs(low), Math.abs(high), 1e-6);
  if (look === "signed") return { kind: "signed", limit: own };
  if (look === "image") return { kind: "image", limit: 255 };
  if (tensor.shape[2] === 3) return { kind: "image", limit: 255 }; // three colours have no common sign
  if (low < -0.5) return { kind: "signed", limit: own };
  return high > 255.5 ? { kind: "positive", limit: own } : { kind: "image", limit: 255 };
}

/** The smallest and the largest value. */
export function extent({ data }) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** The colour of one value. */
export function colourOf(value, { kind, limit }, theme) {
  if (kind === "signed") return diverging(value, limit, theme);
  const grey = Math.max(0, Math.min(255, Math.round((value / limit) * 255)));
  return [grey, grey, grey];
}

/** One channel of a tensor as a tensor of its own. */
export function channelOf({ data, shape }, channel) {
  if (shape[2] === 1) return { data, shape };
  const size = shape[0] * shape[1];
  const plane = new Float32Array(size);
  for (let i = 0, from = channel; i < size; i++, from += shape[2]) plane[i] = data[from];
  return { data: plane, shape: [shape[0], shape[1], 1] };
}

/** A tensor as pixels (ImageData). */
export function paint({ data, shape }, scale, theme) {
  const [height, width, channels] = shape;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const words = scale.kind === "signed" ? signedWords(theme) : null;
  const factor = 255 / scale.limit;
  for (let i = 0, from = 0; i < pixels.length; i++, from += channels) {
    if (words) {
      const at = data[from] * factor;
      pixels[i] = words[255 + Math.round(at > 255 ? 255 : at < -255 ? -255 : at)];
    } else if (channels === 3) {
      pixels[i] = word(byte(data[from] * factor), byte(data[from + 1] * factor), byte(data[from + 2] * factor));
    } else {
      const grey = byte(data[from] * factor);
      pixels[i] = word(grey, grey, grey);
    }
  }
  return image;
}

/** How many values an image's scale cuts off: {below, above}. */
export function countCut({ data }) {
  let below = 0;
  let above = 0;
  for (const value of data) {
    if (value < -0.5) below++;
    else if (value > 255.5) above++;
  }
  return { below, above };
}

/** Which end of an image's scale cuts this value off: "below", "above" or "". */
export function cutAt(value) {
  return value < -0.5 ? "below" : value > 255.5 ? "above" : "";
}

/** A copy of `image` in which the pixels that are cut off are hatched; what was there can still be seen. */
export function hatchCut(image, { data, shape }) {
  const [height, width, channels] = shape;
  const marked = new ImageData(new Uint8ClampedArray(image.data), width, height);
  const pixels = new Uint32Array(marked.data.buffer);
  const colours = { below: word(...CLIPPED.below), above: word(...CLIPPED.above) };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if ((x + y) % 4) continue;
      const end = pixelCut(data, i * channels, channels);
      if (end) pixels[i] = colours[end];
    }
  }
  return marked;
}

/** As cutAt, for a pixel of several channels: the first that is cut off. */
export function pixelCut(data, from, channels) {
  for (let c = 0; c < channels; c++) {
    const end = cutAt(data[from + c]);
    if (end) return end;
  }
  return "";
}

function signedWords(theme) {
  const table = divergingTable(theme);
  return Uint32Array.from({ length: 511 }, (_, i) => word(table[i * 3], table[i * 3 + 1], table[i * 3 + 2]));
}

const byte = (value) => (value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0);
const word = (r, g, b) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** A CSS gradient of the scale, from its lowest value to its highest. */
export function gradient({ kind, limit }, theme) {
  const stops = Array.from({ length: 17 }, (_, i) => (kind === "signed" ? (i / 8 - 1) * limit : (i / 16) * limit));
  return `linear-gradient(to right, ${stops.map((value) => css(colourOf(value, { kind, limit }, theme))).join(", ")})`;
}
