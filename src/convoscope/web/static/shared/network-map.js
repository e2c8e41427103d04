// A feature map that a network's page hands over: its name in the address has all of its values.

import { fromText, toText } from "./base64url.js";

export const MAP = "map:";
export const LARGEST_MAP = 512 * 512; // values: an address has its limits

/** One map, (height, width, 1), as an image's name. */
export function mapName({ shape: [height, width], data }) {
  const view = new DataView(new ArrayBuffer(4 * data.length));
  data.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return `${MAP}${height}x${width}:${toText(new Uint8Array(view.buffer))}`;
}

/** The map of such a name; null where the name is not one. */
export function mapFrom(name) {
  const [, height, width, text] = /^map:(\d{1,6})x(\d{1,6}):(.+)$/.exec(name) ?? [];
  const bytes = text && fromText(text);
  if (!bytes?.length || bytes.length !== 4 * height * width) return null;
  const view = new DataView(bytes.buffer);
  const data = Float32Array.from({ length: height * width }, (_, i) => view.getFloat32(4 * i, true));
  return data.every(Number.isFinite) ? { shape: [Number(height), Number(width), 1], data } : null;
}
