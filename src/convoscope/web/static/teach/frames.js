// A picture as the network takes it. The page that teaches and the page that it saves both use this, so that both see the
// same; and it is what Python's Preprocessing makes of files.

import { h } from "../shared/dom.js";
import { fittedInto } from "../shared/fitting.js";

/** A canvas that shows what was taken last, prepared as `preparation` (a model file's preprocessing) says, and its numbers. */
export function createFrame(preparation) {
  const { width: across, height: down, edge = 0, background = edge >= 0.5 ? 255 : 0 } = preparation;
  const canvas = h("canvas", { width: across, height: down });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const whole = h("canvas").getContext("2d", { willReadFrequently: true });
  return {
    canvas,
    /** Takes a video, an image or a canvas of width×height. */
    take(source, width, height) {
      if (whole.canvas.width !== width || whole.canvas.height !== height) [whole.canvas.width, whole.canvas.height] = [width, height];
      whole.fillStyle = `rgb(${background} ${background} ${background})`; // behind what is transparent
      whole.fillRect(0, 0, width, height);
      whole.drawImage(source, 0, 0, width, height);
      const { data } = whole.getImageData(0, 0, width, height);
      const fitted = fittedInto({ width, height, channels: 4, data }, preparation);
      context.putImageData(new ImageData(fitted.data, across, down), 0, 0);
    },
    /** The pixels as bytes: red, green, blue, row by row. */
    pixels() {
      const { data } = context.getImageData(0, 0, across, down);
      const rgb = new Uint8Array(3 * across * down);
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

/**
 * How a picture is recorded: the square that `preparation` cuts the network's view out of, so that all of it is kept, and
 * Python makes of the file what the page shows.
 */
export function recording({ width, height, resize, interpolation }) {
  const side = resize ?? Math.max(width, height);
  return { width: side, height: side, fit: "crop", interpolation };
}
