// A person's own image, from a file or the camera, as the network takes it: prepared by the running Python, as for
// training; by the page itself where there is none.

import { h } from "../shared/dom.js";
import { fromFile, toGrey } from "../shared/image-files.js";
import { keep, kept } from "../shared/session.js";
import { bytes } from "./given.js";
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

/** An image's file (or Blob) as {tensor, words}; an error in words where it cannot be read. */
export async function prepared(file, name, { asks, range }, inputShape) {
  if (!asks.includes("own-image")) {
    const { tensor } = await fromFile(file, name);
    const [height, width] = tensor.shape;
    return { tensor: fitted(tensor, inputShape, range), words: `${name}, ${width}×${height} pixels, brought to the network's size.` }; // prettier-ignore
  }
  const { image, notes } = await sent("ask/own-image", file, name);
  const done = notes.join(", ").replace(/^read /, "");
  return { tensor: { shape: inputShape, data: new Float32Array(bytes(image)) }, words: `${name}: ${done}.` };
}

async function sent(address, body, name) {
  let response;
  try {
    response = await fetch(address, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body });
  } catch {
    throw new Error("The Python that opened this page has ended. Open it again: convoscope explore.");
  }
  if (!response.ok) throw new Error((await response.text()).replace(/^the image/, `“${name}”`));
  return response.json();
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
