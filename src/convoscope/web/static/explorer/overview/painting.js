// What the overview's canvas shows: maps, links between them, arcs and the bars of flattened values.

import { token } from "../../shared/canvas.js";
import { css, diverging, ink } from "../../shared/colour.js";
import { extent } from "../../shared/scale.js";
import { theme } from "../../shared/theme.js";
import { imageOf } from "../colour-channels.js";
import { picture } from "../images.js";
import { mapImage, strike } from "../maps.js";
import { brief } from "../words.js";

const WIDEST = 6; // CSS pixels of a link
const ARROW = 6; // CSS pixels
const NUMBERED = 42; // CSS pixels of a neuron that says its value
const pictures = new Map(); // a value's number -> the canvas on which its maps are painted, again and again

/** A tensor as maps have it: rows, columns and channels, whatever its shape. */
export function asMaps({ data, shape }) {
  if (shape.length === 3) return { data, shape };
  return { data, shape: [1, shape.length === 1 ? 1 : data.length / shape.at(-1), shape.at(-1)] };
}

/** A map as a canvas, one pixel a value, until the next one of its column; `scene` is {model, values, ranges}. */
export function mapPicture(column, channel, { model, values, ranges }) {
  const tensor = values[column.shows];
  const { low, high } = extent(tensor);
  const pixels = mapImage(asMaps(tensor), channel, Math.max(Math.abs(low), Math.abs(high)), theme(), imageOf(model, ranges, column.shows));
  if (!pictures.has(column.shows)) pictures.set(column.shows, document.createElement("canvas"));
  const canvas = pictures.get(column.shows);
  if (canvas.width !== pixels.width || canvas.height !== pixels.height) [canvas.width, canvas.height] = [pixels.width, pixels.height];
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(pixels, 0, 0); // one that is kept in memory: it changes all the time
  return canvas;
}

/** The image that goes in, as it is. */
export function inputPicture(column, { values, ranges }) {
  return picture(values[column.lead], ranges[column.lead]);
}

/** Draws a picture into a box: pixels stay pixels unless they are smaller than the screen's. */
export function drawInto(context, canvas, [x, y, width, height]) {
  context.imageSmoothingEnabled = canvas.width > width * (window.devicePixelRatio || 1);
  context.imageSmoothingQuality = "high";
  context.drawImage(canvas, x, y, width, height);
}

/** Paints all columns; `off`: position -> channels that are switched off. */
export function paintMaps(context, layout, scene, off) {
  for (const column of layout.columns) {
    if (column.bar) paintBar(context, column, scene, layout.down);
    if (!column.channels.length) continue;
    if (column.picture) framed(context, inputPicture(column, scene), column.picture);
    column.boxes.forEach((box, i) => {
      if (box === column.picture) return;
      if (isRow(column, scene)) paintNeuron(context, column, column.channels[i], box, scene);
      else framed(context, mapPicture(column, column.channels[i], scene), box);
      if (isOff(column, column.channels[i], off, scene.model)) strike(context, ...box);
    });
  }
}

/** Whether somebody has turned a filter of a column off. */
export const isOff = ({ values }, channel, off, { first }) => values.some((value) => off.get(value - first)?.includes(channel));

const isRow = ({ shows }, { model }) => model.shapes[shows].length === 1;

/** A neuron is round, and where there is room it says its value. */
function paintNeuron(context, column, channel, [x, y, width, height], { values }) {
  const tensor = values[column.shows];
  const { low, high } = extent(tensor);
  const colour = diverging(tensor.data[channel], Math.max(Math.abs(low), Math.abs(high)), theme());
  context.beginPath();
  context.arc(x + width / 2, y + height / 2, Math.min(width, height) / 2, 0, 2 * Math.PI);
  context.fillStyle = css(colour);
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = token("strong");
  context.stroke();
  if (width < NUMBERED) return;
  context.font = `14px ${token("numbers")}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = ink(colour);
  context.fillText(brief(tensor.data[channel]), x + width / 2, y + height / 2 + 1);
}

function framed(context, canvas, box) {
  drawInto(context, canvas, box);
  context.lineWidth = 1;
  context.strokeStyle = token("line");
  context.strokeRect(box[0] - 0.5, box[1] - 0.5, box[2] + 1, box[3] + 1);
}

/** All flattened values in a row, one after the other. */
function paintBar(context, column, { values }, down) {
  const [x, y, width, height] = column.bar;
  const tensor = values[column.flat] ?? values[column.shows];
  context.fillStyle = token("outside");
  context.fillRect(x, y, width, height);
  if (tensor) {
    const { low, high } = extent(tensor);
    const pixels = mapImage({ data: tensor.data, shape: down ? [1, tensor.data.length, 1] : [tensor.data.length, 1, 1] }, 0, Math.max(Math.abs(low), Math.abs(high)), theme());
    const strip = document.createElement("canvas");
    [strip.width, strip.height] = [pixels.width, pixels.height];
    strip.getContext("2d").putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(strip, x, y, width, height);
  }
  context.lineWidth = 1;
  context.strokeStyle = token("strong");
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

/** The ends of a link: points on the boxes' sides. */
function ends(from, to, down) {
  if (down) return [[from[0] + from[2] / 2, from[1] + from[3]], [to[0] + to[2] / 2, to[1]]]; // prettier-ignore
  return [[from[0] + from[2], from[1] + from[3] / 2], [to[0], to[1] + to[3] / 2]]; // prettier-ignore
}

function curve(context, [[x1, y1], [x2, y2]], down) {
  context.moveTo(x1, y1);
  if (down) context.bezierCurveTo(x1, (y1 + y2) / 2, x2, (y1 + y2) / 2, x2, y2);
  else context.bezierCurveTo((x1 + x2) / 2, y1, (x1 + x2) / 2, y2, x2, y2);
}

/** Draws links, {from, index, to, slot, width}; `boxOfClass(slot)` is where an answer stands. */
export function paintLinks(context, links, { down, boxOfClass, answer, lit = false }) {
  context.strokeStyle = token(lit ? "accent" : "strong");
  context.lineCap = "butt";
  for (const { from, index, to, slot, width } of links) {
    const target = to === answer ? boxOfClass(slot) : to.boxes[slot];
    if (!target) continue;
    context.globalAlpha = lit ? 0.35 + 0.6 * width : 0.13 + 0.34 * width;
    context.lineWidth = Math.max(lit ? 1.2 : 0.6, width * WIDEST);
    context.beginPath();
    curve(context, ends(from.boxes[index], target, down), down);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** A band from one column to another, where nobody can say what each map gives: through the layers of a block. */
export function paintBand(context, from, to, down) {
  const side = ({ boxes }, far) => {
    const [a, b] = [boxes[0], boxes.at(-1)];
    if (down) return [[a[0], a[1] + (far ? a[3] : 0)], [b[0] + b[2], a[1] + (far ? a[3] : 0)]]; // prettier-ignore
    return [[a[0] + (far ? a[2] : 0), a[1]], [a[0] + (far ? a[2] : 0), b[1] + b[3]]]; // prettier-ignore
  };
  const [[a, b], [c, d]] = [side(from, true), side(to, false)];
  context.beginPath();
  curve(context, [a, c], down);
  context.lineTo(...d);
  const middle = down ? (b[1] + d[1]) / 2 : (b[0] + d[0]) / 2;
  if (down) context.bezierCurveTo(d[0], middle, b[0], middle, ...b);
  else context.bezierCurveTo(middle, d[1], middle, b[1], ...b);
  context.closePath();
  context.globalAlpha = 0.09;
  context.fillStyle = token("strong");
  context.fill();
  context.globalAlpha = 1;
}

/** The arcs of shortcuts. */
export function paintArcs(context, { arcs }, lit = () => false) {
  for (const arc of arcs) {
    const [a, b, c, d] = arc.points;
    context.strokeStyle = token(lit(arc) ? "accent" : "strong");
    context.lineWidth = lit(arc) ? 2.6 : 1.6;
    context.beginPath();
    context.moveTo(...a);
    context.bezierCurveTo(...b, ...c, ...d);
    const way = Math.atan2(d[1] - c[1], d[0] - c[0]);
    for (const side of [-0.5, 0.5]) {
      context.moveTo(...d);
      context.lineTo(d[0] - ARROW * Math.cos(way + side), d[1] - ARROW * Math.sin(way + side));
    }
    context.stroke();
  }
}
