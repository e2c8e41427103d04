// A drawing is 28×28 greys in 16 steps: small enough to be part of a link. Pure: the pad itself is draw-pad.js.

import { fromText, toText } from "../shared/base64url.js";

export const SIDE = 28;
export const PREFIX = "draw:";

/** A drawing's pixels (0..255, row by row) as the name that goes into the address. */
export function drawingName(pixels) {
  const bytes = new Uint8Array((SIDE * SIDE) / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (level(pixels[2 * i]) << 4) | level(pixels[2 * i + 1]);
  return PREFIX + toText(bytes);
}

/** The tensor of a drawing's name; null where the name is not one. */
export function drawingFrom(name) {
  const bytes = fromText(name.slice(PREFIX.length));
  if (bytes?.length !== (SIDE * SIDE) / 2) return null;
  const data = new Float32Array(SIDE * SIDE);
  bytes.forEach((byte, i) => {
    data[2 * i] = (byte >> 4) * 17;
    data[2 * i + 1] = (byte & 15) * 17;
  });
  return { shape: [SIDE, SIDE, 1], data };
}

const level = (value) => Math.max(0, Math.min(15, Math.round(value / 17)));
