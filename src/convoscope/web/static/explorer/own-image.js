// A person's own image, from a file or the camera, as the network takes it: prepared by the running Python, as for
// training; by the page itself where there is none.

import { fittedInto } from "../shared/fitting.js";
import { pixelsOf, toGrey } from "../shared/image-files.js";
import { keep, kept } from "../shared/session.js";
import { bytes, post } from "./given.js";
import { imageShape, toRange } from "./images.js";

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
export async function prepared(file, name, { asks, range, preparation }, inputShape) {
  if (!asks.includes("own-image")) {
    const { background, edge = 0 } = preparation;
    const image = await pixelsOf(file, name, background ?? (edge >= 0.5 ? 255 : 0));
    const words =
      `${name}, ${image.full.join("×")} pixels, resized by the browser to the network's input size. ` +
      "The result may differ slightly from what Python computes.";
    return { tensor: fitted(image, preparation, inputShape, range), words };
  }
  const { image, notes, problem } = await (await post("ask/own-image", file, "application/octet-stream")).json();
  if (problem) throw new Error(problem.replace(/^the image/, `“${name}”`));
  const done = notes.join(", ").replace(/^read /, "");
  return { tensor: { shape: inputShape, data: new Float32Array(bytes(image)) }, words: `${name}: ${done}.` };
}

/** An image that the browser has read, {width, height, data: RGBA}, as the network takes it. */
export function fitted({ width, height, data }, preparation, inputShape, range) {
  const channels = imageShape(inputShape)[2];
  const colours = { width, height, channels: 3, data: new Uint8ClampedArray(3 * width * height) };
  for (let from = 0, to = 0; from < data.length; from++) if (from % 4 < 3) colours.data[to++] = data[from];
  const grey = () => ({ ...colours, channels, data: toGrey({ shape: [height, width, 3], data: colours.data }).data });
  const values = Float32Array.from(fittedInto(channels === 1 ? grey() : colours, preparation).data);
  return { shape: inputShape, data: values.map((value) => toRange(value / 255, range)) };
}
