// How an image of any proportions gets into a network's size, as convoscope.Preprocessing does it in Python.

import { FILTERS, resized } from "./resampling.js";

/** An image {width, height, channels, data} of 8 bits as `preparation` (a model file's preprocessing) says. */
export function fittedInto(image, { width, height, fit = "letterbox", resize, interpolation = "bilinear" }) {
  return FITS[fit](image, { width, height }, FILTERS[interpolation], resize);
}

const FITS = {
  letterbox(image, size, filter) {
    const { width, height } = size;
    if (image.width === width && image.height === height) return image;
    const scale = Math.min(width / image.width, height / image.height);
    const inner = { width: Math.max(1, evenly(image.width * scale)), height: Math.max(1, evenly(image.height * scale)) };
    const middle = resized(image, inner, filter);
    const edge = edgeColour(image);
    const data = new Uint8ClampedArray(width * height * image.channels).map((_, i) => edge[i % image.channels]);
    const [left, top] = [Math.floor((width - inner.width) / 2), Math.floor((height - inner.height) / 2)];
    const length = inner.width * image.channels;
    for (let row = 0; row < inner.height; row++)
      data.set(middle.data.subarray(row * length, (row + 1) * length), ((top + row) * width + left) * image.channels);
    return { width, height, channels: image.channels, data };
  },

  crop(image, size, filter, resize) {
    const ratio = resize ? resize / Math.min(size.width, size.height) : 1;
    const [least, lowest] = [Math.trunc(size.width * ratio), Math.trunc(size.height * ratio)];
    const whole =
      image.width * lowest <= image.height * least
        ? { width: least, height: Math.max(lowest, Math.trunc((least * image.height) / image.width)) }
        : { width: Math.max(least, Math.trunc((lowest * image.width) / image.height)), height: lowest };
    const [left, top] = [evenly((whole.width - size.width) / 2), evenly((whole.height - size.height) / 2)];
    const [across, down] = [image.width / whole.width, image.height / whole.height];
    const box = [left * across, top * down, (left + size.width) * across, (top + size.height) * down];
    const within = [...box.slice(0, 2), Math.min(box[2], image.width), Math.min(box[3], image.height)];
    return resized(image, size, filter, within.map(Math.fround)); // which is how Pillow takes them
  },

  stretch: resized,
};

/** The nearest whole number; of two as near the even one, as Python rounds. */
function evenly(value) {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

/** The median of each channel of an image's outermost pixels. */
function edgeColour({ width, height, channels, data }) {
  const edges = [];
  for (let x = 0; x < width; x++) edges.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) edges.push(y * width, y * width + width - 1);
  return Array.from({ length: channels }, (_, channel) => {
    const sorted = edges.map((i) => data[channels * i + channel]).sort((a, b) => a - b);
    return Math.trunc((sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2);
  });
}
