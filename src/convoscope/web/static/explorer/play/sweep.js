// The order in which a map is made, how fast that is shown, and what of the maps below each of its values is made of.

import { windows } from "../../engine/index.js";
import { positionIn } from "../positions.js";

const FIRST = 900; // milliseconds for the first window of a run, so that its arithmetic can be read;
const FASTER = 0.82; // each next one takes so much of that,
const WHOLE = 9000; // until the rest of the map takes as long as this, whatever its size
const FRAME = 33; // below which several windows are shown at once
const FEW = 30; // positions that can all be read: of a neuron's terms

/** How many positions a map has. */
export const countOf = ([rows, columns]) => rows * columns;

/** The number of a position, row by row. */
export const numberOf = ([, columns], { row, column }) => row * columns + column;

/** The position with this number: {row, column}. */
export const positionAt = ([, columns], number) => ({ row: Math.floor(number / columns), column: number % columns });

/**
 * Where a run leads from position `index` after `steps` steps of it, and when: {to, wait} in milliseconds. It begins slowly
 * and gets faster; `factor` is the speed that was chosen, `count` the number of positions.
 */
export function nextAt(index, steps, count, factor) {
  const slowest = count <= FEW ? FIRST : WHOLE / count;
  const wait = Math.max(slowest, FIRST * FASTER ** steps) / factor;
  const by = wait >= FRAME ? 1 : Math.round(FRAME / wait);
  return { to: index + by, wait: wait * by };
}

/**
 * What of a layer's values is played: the "positions" of its maps, the "terms" of a neuron's sum, the "pixels" of the map that
 * is pooled as a whole, or null for nothing.
 */
export function playable(found, inputs, shape) {
  if (found.kind === "dense") return "terms";
  if (found.kind === "global_pool") return inputs[0].shape.length === 3 ? "pixels" : null;
  if (shape.length !== 3 || found.softmax) return null;
  return inputs.every((input) => input.shape.length === 3) ? "positions" : null;
}

/**
 * What a value is made of, for a picture of each map below: a list of {which, channel, frame, points, winner, around}. `which`
 * numbers the input, `frame` {row, column, rows, columns} is the window, or null where it is nowhere; a dilated one has
 * its `points` instead; of a whole map it is the pixel with the number `at`. `winner` is the cell that a pooling takes over; `around` is the padding, {top, left, bottom, right}.
 */
export function scene(found, { layer, inputs, part, at = 0 }) {
  const shapes = inputs.map((input) => input.shape);
  if (found.kind === "global_pool") return [pixel(shapes[0], found.channel, at)];
  if (found.kind === "combine") return found.terms.map(({ which, index }) => single(which, shapes[which], index));
  if (found.kind === "concatenate") return [single(found.which, shapes[found.which], found.index)];
  if (found.index !== undefined) return [found.padding ? { ...single(0, shapes[0], 0), frame: null } : single(0, shapes[0], found.index)];
  const cells = cellsOf(found, part);
  const channel = found.channel ?? part;
  const around = paddingOf(layer.steps[0], shapes[0]);
  const { points, winner } = standingOut(found, cells);
  const frame = points.length ? null : found.window ? asFrame(found.window) : hull(cells);
  return [{ which: 0, channel, frame, points, winner, around }];
}

const NONE = { top: 0, left: 0, bottom: 0, right: 0 };

function single(which, shape, index) {
  const { row, column, channel } = positionIn(shape, index);
  return { ...pixel(shape, channel, numberOf(shape, { row, column })), which };
}

function pixel(shape, channel, number) {
  const frame = { ...positionAt(shape, number), rows: 1, columns: 1 };
  return { which: 0, channel, frame, points: [], winner: null, around: NONE };
}

/** The cells of the window, of a convolution in one of the maps below. */
function cellsOf({ parts, cells }, part) {
  return (parts ? parts.find(({ channel }) => channel === part).cells : cells).flat();
}

const asFrame = ({ top, left, rows, columns }) => ({ row: top, column: left, rows, columns });

/** The smallest frame around cells; null around none. */
function hull(cells) {
  if (!cells.length) return null;
  const [rows, columns] = [cells.map(({ row }) => row), cells.map(({ column }) => column)];
  const [row, column] = [Math.min(...rows), Math.min(...columns)];
  return { row, column, rows: Math.max(...rows) - row + 1, columns: Math.max(...columns) - column + 1 };
}

/** Of a dilated window the points that count; of a pooling by an extreme the cell that wins. */
function standingOut({ window, kind, mode }, cells) {
  const winner = kind === "pool" && mode !== "average" ? cells.find(({ wins }) => wins) : null;
  const sparse = window && cells.length < window.rows * window.columns;
  return { points: sparse ? cells.map(({ row, column }) => ({ row, column })) : [], winner: winner ?? null };
}

/** The padding around the input of a convolution or a pooling. */
function paddingOf({ operation, kernel, size, ...options }, shape) {
  if (!["convolve", "pool"].includes(operation)) return NONE;
  const extent = operation === "pool" ? size.flat() : kernel.shape.slice(0, 2);
  const { rows, columns } = windows(shape, ...extent, options);
  return { top: rows.before, left: columns.before, bottom: rows.after, right: columns.after };
}
