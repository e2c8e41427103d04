// How values become colours, honestly: signed results are centred on zero, and what a scale cannot show is marked.

import { CLIPPED, css, diverging, divergingTable } from "./colour.js";

const extents = new WeakMap(); // a tensor's values -> {low, high}
const signed = {}; // theme -> the diverging colours as pixels
const planes = new WeakMap(); // a tensor's values -> its channels as tensors

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

/** The smallest and the largest value; found once for each tensor. */
export function extent({ data }) {
  if (extents.has(data)) return extents.get(data);
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  extents.set(data, { low, high });
  return { low, high };
}

/** The colour of one value. */
export function colourOf(value, { kind, limit }, theme) {
  if (kind === "signed") return diverging(value, limit, theme);
  const grey = Math.max(0, Math.min(255, Math.round((value / limit) * 255)));
  return [grey, grey, grey];
}

/** One channel of a tensor as a tensor of its own; taken out once. */
export function channelOf({ data, shape }, channel) {
  if (shape[2] === 1) return { data, shape };
  if (!planes.has(data)) planes.set(data, []);
  planes.get(data)[channel] ??= takeOut(data, shape, channel);
  return planes.get(data)[channel];
}

function takeOut(data, [height, width, channels], channel) {
  const plane = new Float32Array(height * width);
  for (let i = 0, from = channel; i < plane.length; i++, from += channels) plane[i] = data[from];
  return { data: plane, shape: [height, width, 1] };
}

/** A tensor as pixels (ImageData). Plain loops: this runs at every change of a number. */
export function paint({ data, shape }, scale, theme) {
  const [height, width, channels] = shape;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const factor = 255 / scale.limit;
  if (scale.kind === "signed") paintSigned(pixels, data, channels, factor, signedWords(theme));
  else if (channels === 3) paintColours(pixels, data, factor);
  else paintGreys(pixels, data, channels, factor);
  return image;
}

function paintSigned(pixels, data, channels, factor, words) {
  for (let i = 0, from = 0; i < pixels.length; i++, from += channels) {
    const at = data[from] * factor;
    pixels[i] = words[at >= 255 ? 510 : at <= -255 ? 0 : (at + 255.5) | 0];
  }
}

function paintColours(pixels, data, factor) {
  // A clamped array rounds and clips by itself, and all at once in a fraction of the time that value by value takes.
  const bytes = new Uint8ClampedArray(factor === 1 ? data : data.map((value) => value * factor));
  for (let to = 0, from = 0; to < pixels.length; to++, from += 3)
    pixels[to] = 0xff000000 | (bytes[from + 2] << 16) | (bytes[from + 1] << 8) | bytes[from];
}

function paintGreys(pixels, data, channels, factor) {
  for (let i = 0, from = 0; i < pixels.length; i++, from += channels) {
    const at = data[from] * factor;
    const grey = at <= 0 ? 0 : at >= 255 ? 255 : (at + 0.5) | 0;
    pixels[i] = 0xff000000 | (grey * 0x010101);
  }
}

/** How many values an image's scale cuts off: {below, above}. */
export function countCut({ data }) {
  const { low, high } = extent({ data });
  let below = 0;
  let above = 0;
  if (low >= -0.5 && high <= 255.5) return { below, above };
  for (let i = 0; i < data.length; i++) {
    if (data[i] < -0.5) below++;
    else if (data[i] > 255.5) above++;
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
  for (let y = 0; y < height; y++) {
    for (let i = y * width + ((4 - (y % 4)) % 4), last = (y + 1) * width; i < last; i += 4) {
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
  return (signed[theme] ??= Uint32Array.from({ length: 511 }, (_, i) =>
    word(...divergingTable(theme).subarray(i * 3, i * 3 + 3)),
  ));
}

const word = (r, g, b) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** A CSS gradient of the scale, from its lowest value to its highest. */
export function gradient({ kind, limit }, theme) {
  const stops = Array.from({ length: 17 }, (_, i) => (kind === "signed" ? (i / 8 - 1) * limit : (i / 16) * limit));
  return `linear-gradient(to right, ${stops.map((value) => css(colourOf(value, { kind, limit }, theme))).join(", ")})`;
}
