// A drawing as text for the address: its greys in runs, since most of it is paper.

import { fromText, toText } from "../shared/base64url.js";

const LONGEST = 256; // of a run: its length fits a byte

/** Greys (Uint8Array, row by row) as text: for each run its length less one, and its grey. */
export function writeDrawing(greys) {
  const runs = [];
  for (let i = 0; i < greys.length; ) {
    let end = i + 1;
    while (end < greys.length && end - i < LONGEST && greys[end] === greys[i]) end++;
    runs.push(end - i - 1, greys[i]);
    i = end;
  }
  return toText(Uint8Array.from(runs));
}

/** The greys in a text; null where it has not just `count` of them. */
export function readDrawing(text, count) {
  const runs = fromText(text);
  if (!runs || runs.length % 2) return null;
  const greys = new Uint8Array(count);
  let to = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const end = to + runs[i] + 1;
    if (end > count) return null;
    greys.fill(runs[i + 1], to, end);
    to = end;
  }
  return to === count ? greys : null;
}
