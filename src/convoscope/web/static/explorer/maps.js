// Feature maps and rows of neurons on a canvas: where each lies, how it is painted, what a pointer hits.
// One scale for a whole layer, centred on zero: a filter that found nothing looks like it.

import { crisp, frame, token } from "../shared/canvas.js";
import { divergingTable } from "../shared/colour.js";
import { rangeIn, tinted } from "./colour-channels.js";

const GAP = 4;
const words = {}; // theme, or channel of an image -> its colours as pixels

/** The layout of a tensor on `room` CSS pixels: {kind, columns, rows, cell, width, height, shown, all}. */
export function layoutOf(shape, room, most = Infinity) {
  const all = shape.at(-1);
  if (shape.length < 3) {
    const cell = all <= 48 ? 20 : all <= 256 ? 14 : all <= 1024 ? 9 : 6;
    const columns = Math.max(1, Math.min(all, Math.floor(room / cell)));
    const rows = Math.min(Math.ceil(all / columns), Math.max(2, Math.floor(most / cell)));
    const shown = Math.min(all, rows * columns);
    return { kind: "neurons", columns, rows, cell, width: columns * cell, height: rows * cell, shown, all };
  }
  const [height, width] = shape;
  const wanted = all <= 4 ? 112 : all <= 16 ? 64 : Math.max(height, width) > 16 ? 46 : 38;
  const fit = Math.max(1, Math.floor((room + GAP) / (wanted + GAP)));
  const columns = all <= fit ? all : evenly(all, fit);
  const cell = all >= fit ? Math.floor((room + GAP) / columns - GAP) : wanted;
  const tall = Math.max(6, Math.round((cell * height) / width));
  const rows = Math.min(Math.ceil(all / columns), Math.max(1, Math.floor(most / (tall + GAP))));
  return {
    kind: "maps",
    columns,
    rows,
    cell,
    tall,
    width: columns * (cell + GAP) - GAP,
    height: rows * (tall + GAP) - GAP,
    shown: Math.min(all, rows * columns),
    all,
  };
}

/** About `fit` columns, or up to a third more where the rows then come out even. */
function evenly(all, fit) {
  for (let columns = fit; columns <= fit * 1.34; columns++) if (all % columns === 0) return columns;
  return fit;
}

/** Where a channel lies: [x, y, width, height]. */
export function boxOf(layout, channel) {
  const [column, row] = [channel % layout.columns, Math.floor(channel / layout.columns)];
  if (layout.kind === "neurons") return [column * layout.cell, row * layout.cell, layout.cell, layout.cell];
  return [column * (layout.cell + GAP), row * (layout.tall + GAP), layout.cell, layout.tall];
}

/** The channel, and for maps the pixel, at a point of the canvas; null where there is none. */
export function hit(layout, shape, x, y) {
  const [stepX, stepY] =
    layout.kind === "neurons" ? [layout.cell, layout.cell] : [layout.cell + GAP, layout.tall + GAP];
  const [column, row] = [Math.floor(x / stepX), Math.floor(y / stepY)];
  const channel = row * layout.columns + column;
  if (x < 0 || y < 0 || column >= layout.columns || channel >= layout.shown) return null;
  if (layout.kind === "neurons") return { row: 0, column: 0, channel };
  const along = (offset, extent, size) => Math.min(size - 1, Math.floor((offset / extent) * size));
  return {
    row: along(y - row * stepY, layout.tall, shape[0]),
    column: along(x - column * stepX, layout.cell, shape[1]),
    channel,
  };
}

/** Paints a layer. off: channels that are switched off; selected: {row, column, channel} or null. */
export function paintLayer(canvas, { shape, data }, layout, { limit, theme, off, selected, image = null }) {
  const context = crisp(canvas, layout.width, layout.height);
  context.imageSmoothingEnabled = false;
  if (layout.kind === "neurons") {
    const { columns, rows, cell, shown } = layout;
    const atlas = painted(data.subarray(0, shown), columns, rows, limit, theme);
    context.drawImage(atlas, 0, 0, columns * cell, rows * cell);
    if (cell >= 8) rule(context, layout);
  } else {
    paintMaps(context, shape, data, layout, (channel) => coloursOf(channel, limit, theme, image, { shape, data }));
  }
  for (const channel of off) if (channel < layout.shown) strike(context, ...boxOf(layout, channel));
  if (!selected || selected.channel >= layout.shown) return;
  const [x, y, width, height] = boxOf(layout, selected.channel);
  frame(context, x + 1, y + 1, width - 2, height - 2);
}

/** One map as pixels; of an `image` (from colour-channels.js) in the channel's own colour. */
export function mapImage({ shape, data }, channel, limit, theme, image = null) {
  const [height, width, channels] = shape;
  const pixels = new ImageData(width, height);
  const colours = coloursOf(channel, limit, theme, image, { shape, data });
  paintChannel(new Uint32Array(pixels.data.buffer), data, channel, channels, 0, width, width, colours);
  return pixels;
}

function paintMaps(context, shape, data, layout, colours) {
  const [height, width, channels] = shape;
  const across = Math.min(layout.columns, layout.shown);
  const image = new ImageData(across * width, Math.ceil(layout.shown / across) * height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let channel = 0; channel < layout.shown; channel++) {
    const start = Math.floor(channel / across) * height * image.width + (channel % across) * width;
    paintChannel(pixels, data, channel, channels, start, width, image.width, colours(channel));
  }
  const atlas = onCanvas(image);
  context.imageSmoothingEnabled = width > layout.cell * (window.devicePixelRatio || 1);
  context.strokeStyle = token("line");
  context.lineWidth = 1;
  for (let channel = 0; channel < layout.shown; channel++) {
    const [x, y, w, h] = boxOf(layout, channel);
    const from = [(channel % across) * width, Math.floor(channel / across) * height];
    context.drawImage(atlas, ...from, width, height, x, y, w, h);
    context.strokeRect(x - 0.5, y - 0.5, w + 1, h + 1);
  }
}

/** The colours of a map: {table, factor, zero}: a value's is table[value × factor + zero]. */
function coloursOf(channel, limit, theme, image, tensor) {
  if (!image) return { table: tableOf(theme), factor: limit ? 255 / limit : 0, zero: 255 };
  const [low, high] = rangeIn(image, tensor);
  const factor = 255 / (high - low || 1);
  return { table: lightTable(image.colours ? channel : "grey"), factor, zero: -low * factor };
}

function paintChannel(pixels, data, channel, channels, start, width, stride, { table, factor, zero }) {
  const last = table.length - 1;
  for (let i = channel, position = 0; i < data.length; i += channels, position++) {
    const at = data[i] * factor + zero + 0.5;
    const to = start + Math.floor(position / width) * stride + (position % width);
    pixels[to] = table[at >= last ? last : at <= 0 ? 0 : at | 0];
  }
}

function painted(values, columns, rows, limit, theme) {
  const image = new ImageData(columns, rows);
  paintChannel(new Uint32Array(image.data.buffer), values, 0, 1, 0, columns, columns, coloursOf(0, limit, theme));
  return onCanvas(image);
}

function onCanvas(image) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function rule(context, { columns, rows, cell, shown }) {
  context.fillStyle = token("card");
  for (let x = 1; x <= columns; x++) context.fillRect(x * cell - 1, 0, 1, rows * cell);
  for (let y = 1; y <= rows; y++) context.fillRect(0, y * cell - 1, columns * cell, 1);
  context.strokeStyle = token("line");
  context.lineWidth = 1;
  for (let i = 0; i < shown; i++)
    context.strokeRect((i % columns) * cell + 0.5, Math.floor(i / columns) * cell + 0.5, cell - 2, cell - 2);
}

/** Crosses a map out that is switched off. */
export function strike(context, x, y, width, height) {
  context.fillStyle = token("veil");
  context.fillRect(x, y, width, height);
  context.strokeStyle = token("error");
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x + 3, y + height - 3);
  context.lineTo(x + width - 3, y + 3);
  context.stroke();
}

function tableOf(theme) {
  return (words[theme] ??= Uint32Array.from({ length: 511 }, (_, i) => pixelOf(divergingTable(theme).subarray(i * 3, i * 3 + 3))));
}

/** From black to the full colour of an image's channel, or to white. */
function lightTable(channel) {
  return (words[channel] ??= Uint32Array.from({ length: 256 }, (_, light) =>
    pixelOf(channel === "grey" ? [light, light, light] : tinted(channel, light)),
  ));
}

const pixelOf = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
