// A picture as the network takes it: the largest square in its middle, at the network's size. The page that teaches and
// the page that it saves both use this, so that both see the same; and it is what Python makes of files: see pictures.py.

import { h } from "../shared/dom.js";
import { fittedInto } from "../shared/fitting.js";

/** A canvas of size×size pixels that shows what was taken last, and its numbers. */
export function createFrame(size) {
  const canvas = h("canvas", { width: size, height: size });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const whole = h("canvas").getContext("2d", { willReadFrequently: true });
  const square = { width: size, height: size, fit: "crop", interpolation: "bicubic" };
  return {
    canvas,
    /** Takes a video, an image or a canvas of width×height; what is transparent lies on white. */
    take(source, width, height) {
      if (whole.canvas.width !== width || whole.canvas.height !== height) [whole.canvas.width, whole.canvas.height] = [width, height];
      whole.fillStyle = "#fff";
      whole.fillRect(0, 0, width, height);
      whole.drawImage(source, 0, 0, width, height);
      const { data } = whole.getImageData(0, 0, width, height);
      const fitted = fittedInto({ width, height, channels: 4, data }, square);
      context.putImageData(new ImageData(fitted.data, size, size), 0, 0);
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
