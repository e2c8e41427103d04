// The rooms' pictures: computed by the pages' own engine from the samples, and painted from what the digits' network made.
// A picture paints itself into (context, width, height), and returns what its caption says.

import { convolve } from "../engine/convolution.js";
import { pool } from "../engine/pooling.js";
import { fromText } from "../shared/base64url.js";
import { crisp, frame, token } from "../shared/canvas.js";
import { number } from "../shared/format.js";
import { fromAddress, toGrey } from "../shared/image-files.js";
import { paint, scaleFor } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { paintCurves } from "./curves.js";
import { paintMatrix } from "./matrix.js";

const SOBEL = [-1, 0, 1, -2, 0, 2, -1, 0, 1];
const TOP = 0.3; // of the photograph's height: where a picture that is less high begins
const CONTRAST = 0.4; // of the largest value: what is stronger has the same colour

const kept = new Map(); // what was computed once

function once(name, make) {
  if (!kept.has(name)) kept.set(name, make());
  return kept.get(name);
}

/** What the pictures are made of: {photograph, drawing, digits}, each a function that resolves to it. */
export function materials(given) {
  const sample = (name) => () => once(name, async () => (await fromAddress(given.sample(name), name)).tensor);
  return { photograph: sample("photograph"), drawing: sample("drawing"), digits: () => once("digits", given.digits) };
}

/** Of each room, by its id: the name of its material, and how it is painted. */
export const PICTURES = {
  convolution: { of: "photograph", paint: convolution },
  colour: { of: "photograph", paint: colour },
  pooling: { of: "drawing", paint: pooling },
  network: { of: "digits", paint: network },
  mistakes: { of: "digits", paint: mistakes },
  experiments: { of: "digits", paint: paintCurves },
  exercises: { of: "drawing", paint: exercise },
};

/** Paints a picture into its canvas, as large as that is on the page. */
export function paintInto(canvas, picture, material) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = crisp(canvas, width, height);
  canvas.removeAttribute("style"); // its size is the card's
  return picture.paint(context, width, height, material);
}

/** Left the photograph, right what a filter for vertical edges makes of it. */
function convolution(context, width, height, photograph) {
  const { grey, edges } = once("edges", () => {
    const grey = toGrey(photograph);
    return { grey, edges: convolve(grey, { shape: [3, 3, 1, 1], data: Float32Array.from(SOBEL) }, null) };
  });
  const { limit } = scaleFor(edges, "signed");
  strip(context, grey, { kind: "image", limit: 255 }, [width, height], 0, 0.5);
  strip(context, edges, { kind: "signed", limit: CONTRAST * limit }, [width, height], 0.5, 1);
  return "Sobel filter: −1 0 1 / −2 0 2 / −1 0 1";
}

/** The photograph's three channels, a strip of each. */
function colour(context, width, height, photograph) {
  for (let channel = 0; channel < 3; channel++) {
    const data = photograph.data.map((value, i) => (i % 3 === channel ? value : 0));
    strip(context, { data, shape: photograph.shape }, { kind: "image", limit: 255 }, [width, height], channel / 3, (channel + 1) / 3);
  }
  return "The red, the green and the blue channel";
}

/** A part of an image's width, where it lies in the whole picture; thin lines keep the parts apart. */
function strip(context, tensor, scale, [width, height], from, to) {
  const [rows, columns] = tensor.shape;
  const taken = Math.min(rows, (columns * height) / width);
  const top = Math.min(rows - taken, TOP * rows);
  context.imageSmoothingQuality = "high";
  context.drawImage(
    asCanvas(paint(tensor, scale, theme())),
    ...[from * columns, top, (to - from) * columns, taken],
    ...[from * width, 0, (to - from) * width, height],
  );
  if (from > 0) {
    context.fillStyle = token("card");
    context.fillRect(from * width - 1, 0, 2, height);
  }
}

/** A drawing, and the same after each of two poolings, in true proportion. */
function pooling(context, width, height, drawing) {
  const images = once("pooled", () => {
    const half = pool(drawing, "max", { size: 2 }).output;
    return [drawing, half, pool(half, "max", { size: 2 }).output];
  });
  const gap = 0.045 * width;
  const side = Math.min((width - 4 * gap) / 1.75, height - 2 * gap);
  let x = (width - 1.75 * side - 2 * gap) / 2;
  for (const [i, image] of images.entries()) {
    const size = side / 2 ** i;
    pixels(context, image, { kind: "image", limit: 255 }, x, (height + side) / 2 - size, size);
    x += size + gap;
  }
  return images.map(({ shape }) => `${shape[0]}×${shape[1]}`).join(" → ");
}

const PART = { row: 7, column: 15, side: 7 }; // of the drawing: the roof below the chimney

/** A part of the drawing under a window of nine pixels, the numbers of a kernel, and what is asked. */
function exercise(context, width, height, drawing) {
  const pixelAt = (row, column) => drawing.data[row * drawing.shape[1] + column];
  const data = Float32Array.from({ length: PART.side ** 2 }, (_, i) => pixelAt(PART.row + Math.floor(i / PART.side), PART.column + (i % PART.side)));
  const side = 0.74 * height;
  const [cell, left, top] = [side / PART.side, 0.06 * width, (height - side) / 2];
  pixels(context, { shape: [PART.side, PART.side, 1], data }, { kind: "image", limit: 255 }, left, top, side);
  frame(context, left + 2 * cell, top + 2 * cell, 3 * cell, 3 * cell);
  context.fillStyle = token("ink");
  context.font = `${0.058 * width}px ${getComputedStyle(document.body).fontFamily}`;
  [context.textAlign, context.textBaseline] = ["center", "middle"];
  const [from, step] = [left + side + 0.08 * width, 0.085 * width];
  SOBEL.forEach((value, i) => context.fillText(number(value), from + (i % 3) * step, height / 2 + (Math.floor(i / 3) - 1) * step));
  context.fillText("= ?", from + 3.2 * step, height / 2);
  return "Nine products and their sum";
}

/** A digit, and some of the maps that the two convolutions make of it. */
function network(context, width, height, digits) {
  const gap = 0.035 * width;
  const digit = 0.17 * width;
  const grid = (width - digit - 4 * gap) / 2;
  pixels(context, tensorOf(digits.image), { kind: "image", limit: 255 }, gap, (height - digit) / 2, digit);
  for (const [i, { pictures }] of digits.maps.entries()) {
    const left = 2 * gap + digit + i * (grid + gap);
    const cell = (grid - 3 * 3) / 4;
    for (const [k, picture] of pictures.entries())
      pixels(
        context,
        tensorOf(picture),
        { kind: "signed", limit: 255 },
        ...[left + (k % 4) * (cell + 3), (height - grid) / 2 + Math.floor(k / 4) * (cell + 3), cell],
      );
  }
  return `Trained just now: ${digits.accuracy} of the test images correct`;
}

function mistakes(context, width, height, digits) {
  const side = 0.8 * height;
  const [x, y] = [(width - side) / 2, 0.14 * height];
  paintMatrix(context, digits.confusion, { x, y, side });
  context.fillStyle = token("muted");
  context.font = `${Math.max(11, side / 22)}px ${getComputedStyle(document.body).fontFamily}`;
  [context.textAlign, context.textBaseline] = ["center", "middle"];
  const cell = side / digits.names.length;
  for (const [i, name] of digits.names.entries()) {
    context.fillText(name, x + (i + 0.5) * cell, y - 0.045 * height);
    context.fillText(name, x - 0.045 * height, y + (i + 0.5) * cell);
  }
  return `${digits.mistakes} of ${digits.tested} test images misclassified`;
}

/** An image with its pixels seen, as a square of the canvas. */
function pixels(context, tensor, scale, x, y, side) {
  context.imageSmoothingEnabled = false;
  context.drawImage(asCanvas(paint(tensor, scale, theme())), x, y, side, side);
  context.imageSmoothingEnabled = true;
}

const tensorOf = ({ shape, values }) => ({ shape: [...shape, 1], data: Float32Array.from(fromText(values)) });

function asCanvas(image) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
