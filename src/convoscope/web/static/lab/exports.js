// What the page saves: the output as PNG, and itself as one HTML file.

import { h } from "../shared/dom.js";
import { offlinePage } from "../shared/offline-page.js";
import { paint } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { writeAddress } from "./address.js";

/** A PNG of painted pixels. */
export async function outputPng(pixels) {
  if (!pixels) throw new Error("There is no output to save: the step does not fit the image.");
  return new Promise((resolve) => canvasOf(pixels).toBlob(resolve));
}

/** The page as one file in this state, with its image inside. `page`: from rememberPage. */
export async function offlineHtml(page, state, kernels, images) {
  const embedded = { kernels, samples: [], start: { image: null, state: null } };
  let name = state.image;
  if (!images.isInAddress(name)) {
    const pixels = paint(await images.original(name), { kind: "image", limit: 255 }, theme());
    embedded.image = canvasOf(pixels).toDataURL("image/png");
    embedded.start.image = images.fileName();
    name = "image";
  }
  embedded.start.state = writeAddress({ ...state, image: name, from: null });
  return offlinePage(page, embedded);
}

function canvasOf(pixels) {
  const canvas = h("canvas", { width: pixels.width, height: pixels.height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
