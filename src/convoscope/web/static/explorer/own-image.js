// A person's own image, from a file or the camera, as the network takes it.

import { h } from "../shared/dom.js";
import { toGrey } from "../shared/image-files.js";
import { keep, kept } from "../shared/session.js";
import { imageShape, picture, toRange } from "./images.js";

const KEY = `convoscope own image ${globalThis.location?.pathname}`; // the path has the server's token: another network has another

/** Keeps an own image {tensor, words} for as long as the tab is open, where the browser allows it. */
export function keepOwn({ tensor, words }) {
  keep(KEY, JSON.stringify({ data: [...tensor.data], words }), "sessionStorage");
}

/** What was kept, or null. */
export function keptOwn(shape) {
  try {
    const { data, words } = JSON.parse(kept(KEY, "sessionStorage"));
    if (data.length === shape.reduce((a, b) => a * b, 1)) return { tensor: { shape, data: Float32Array.from(data) }, words };
  } catch {
    // nothing was kept
  }
  return null;
}

/** An image tensor of 0..255 and any size in the network's size: in proportion, the rest in the colour of its edges. */
export function fitted(tensor, inputShape, range) {
  const [height, width, channels] = imageShape(inputShape);
  const from = picture(channels === 1 ? toGrey(tensor) : tensor, [0, 255]);
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = `rgb(${edgeColour(from).join(" ")})`;
  context.fillRect(0, 0, width, height);
  const scale = Math.min(width / from.width, height / from.height);
  const [w, h2] = [Math.max(1, Math.round(from.width * scale)), Math.max(1, Math.round(from.height * scale))];
  context.imageSmoothingQuality = "high";
  context.drawImage(from, Math.floor((width - w) / 2), Math.floor((height - h2) / 2), w, h2);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Float32Array(height * width * channels);
  for (let i = 0, to = 0; i < height * width; i++)
    for (let c = 0; c < channels; c++) values[to++] = toRange(data[4 * i + c] / 255, range);
  return { shape: inputShape, data: values };
}

function edgeColour(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const edges = [];
  for (let x = 0; x < width; x++) edges.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) edges.push(y * width, y * width + width - 1);
  return [0, 1, 2].map((c) => edges.map((i) => data[4 * i + c]).sort((a, b) => a - b)[edges.length >> 1]);
}
