// A picture as the network takes it: the largest square in its middle, at the network's size. The page that teaches and
// the page that it saves both use this, so that both see the same.

import { h } from "../shared/dom.js";

/** A canvas of size×size pixels that pictures are drawn to, and their numbers. */
export function createFrame(size) {
  const canvas = h("canvas", { width: size, height: size });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  return {
    canvas,
    /** Draws a video, an image or a canvas of width×height; what is transparent lies on white. */
    take(source, width, height) {
      const side = Math.min(width, height);
      context.fillStyle = "#fff";
      context.fillRect(0, 0, size, size);
      context.drawImage(source, (width - side) / 2, (height - side) / 2, side, side, 0, 0, size, size);
    },
    /** The pixels as bytes: red, green, blue, row by row. */
    pixels() {
      const { data } = context.getImageData(0, 0, size, size);
      const rgb = new Uint8Array(3 * size * size);
      for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
        rgb[to] = data[from];
        rgb[to + 1] = data[from + 1];
        rgb[to + 2] = data[from + 2];
      }
      return rgb;
    },
    /** The picture as a JPEG (Blob). */
    jpeg: () => new Promise((give) => canvas.toBlob(give, "image/jpeg", 0.95)),
  };
}
