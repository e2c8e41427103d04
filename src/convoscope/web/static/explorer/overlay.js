// A map of signed values over the image that it belongs to: orange speaks for something, blue against it.

import { divergingTable } from "../shared/colour.js";
import { h } from "../shared/dom.js";
import { theme } from "../shared/theme.js";
import { paintImage } from "./images.js";

const USUAL = 0.9; // how much of the image the strongest value covers
const painted = new WeakMap(); // image -> its canvas: many maps lie over one

/**
 * A canvas of `side` CSS pixels. `input` is the image, `range` its values', `map` (height, width, 1); ±`limit` are the ends
 * of the colours. `strength` from 0, the image alone, to 1; `photo` is how opaque the image is.
 */
export function overlay(input, range, map, limit, { side, strength = USUAL, photo = 1, label }) {
  if (!painted.has(input)) painted.set(input, onCanvas(paintImage(input, range)));
  const image = painted.get(input);
  const ratio = Math.max(1, Math.round(window.devicePixelRatio || 1));
  const scale = (side * ratio) / Math.max(image.width, image.height);
  const canvas = h("canvas", {
    width: Math.round(image.width * scale),
    height: Math.round(image.height * scale),
    role: "img",
    "aria-label": label,
  });
  canvas.style.width = `${canvas.width / ratio}px`;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = scale < 1 || image.width > 64; // pixels of a small image are to be seen
  context.imageSmoothingQuality = "high";
  context.globalAlpha = photo;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  context.globalAlpha = 1;
  context.imageSmoothingEnabled = true;
  context.drawImage(onCanvas(heat(map, limit, strength)), 0, 0, canvas.width, canvas.height);
  return canvas;
}

function heat({ shape, data }, limit, strength) {
  const [height, width] = shape;
  const image = new ImageData(width, height);
  const table = divergingTable(theme());
  data.forEach((each, i) => {
    const share = Math.max(-1, Math.min(1, each / limit));
    const at = (255 + Math.round((share < 0 ? -0.6 : 0.6) * 255)) * 3;
    image.data.set(table.subarray(at, at + 3), 4 * i);
    image.data[4 * i + 3] = Math.round(255 * strength * Math.abs(share));
  });
  return image;
}

function onCanvas(image) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
