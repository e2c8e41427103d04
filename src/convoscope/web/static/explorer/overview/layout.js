// Where everything of the overview lies: columns from the image to the answer, in each its few strongest maps, branches
// side by side, arcs for shortcuts. On a narrow screen the same from above to below. Pure geometry, in CSS pixels.

import { columnsOf, shortcuts } from "../branches.js";
import { fitting, graphOf, lengthOf } from "./columns.js";

const [LARGEST, SMALLEST] = [84, 18]; // a map's side
const MOST = 14; // maps of a column
const PITCH = 48; // from one column to the next: where there is less room, blocks fold
const LEAST_PITCH = 33; // and at less than this, neighbouring blocks; then the stage scrolls
const [ROOMY, TIGHT] = [98, 74]; // pitches at which titles stand level: whole ones, short ones
const HEAD = { long: 46, short: 76, upright: 104, line: 24 }; // above the maps; short titles and their sizes may need two lines each
const REST = { level: 24, upright: 84 }; // below them: how many more there are
const ARC = 15; // a lane of arcs
const END = { across: 76, down: 34 }; // for the links to the answer
const DOWN = { cell: 44, pitch: 112, gap: 8 };

/**
 * The layout of a model (from opened.js) on {width, height}: {columns, links, arcs, width, height, upright, down}. To each
 * column of columns.js come its `box`, the `boxes` of its maps and how many there are of `all`, `picture`, the box of an
 * image, or null, the box of its `head`, and where `rest` stands. `links` are pairs of columns, `arcs` are {from, to, points}.
 * Boxes are [x, y, width, height]. `down`: from above to below. `scale` is that of the text.
 */
export function layoutOf(model, { width, height, down = false, scale = 1 }) {
  const room = (pitch) => (down ? 24 : Math.max(6, 2 + Math.floor((width - END.across - 90) / pitch))); // and the image, and the answer
  const columns = fitting(model, room(PITCH), room(LEAST_PITCH)).map((column, id) => ({ ...column, id, channels: [] }));
  const graph = graphOf(columns);
  const items = columnsOf(graph).map((item) => (item === columns.length - 1 ? null : item)).filter((item) => item !== null);
  const pairs = shortcuts(columnsOf(graph), graph);
  const arcs = [...pairs, ...columns.flatMap((column, id) => (column.block && column.skips ? column.inputs.map((from) => [from, id]) : []))]; // prettier-ignore
  const lanes = arcLanes(arcs);
  const common = { model, scale, arcRoom: arcs.length ? 12 + ARC * (Math.max(...lanes) + 1) : 0, slots: Math.max(1, lengthOf(items)) };
  const plan = down ? planDown(width, common) : planAcross(width, height, common);
  place(items, { columns, from: 0, to: common.slots, low: 0, high: plan.across, plan });
  const drawn = columns.filter((column) => column.box);
  const links = drawn.flatMap((column) => column.inputs.map((from) => [columns[from], column]).filter(([from]) => !isPair(pairs, columns, from, column)));
  const answer = columns.at(-1);
  return {
    columns: drawn,
    answer,
    links,
    ends: answer.inputs.map((id) => columns[id]).filter(({ box }) => box), // whose maps the answer reads
    arcs: arcs.map((pair, i) => ({ from: columns[pair[0]], to: columns[pair[1]], lane: lanes[i] })).filter(({ from, to }) => from.box && to.box).map((arc) => ({ ...arc, points: plan.arc(arc) })),
    width: down ? width : plan.along,
    height: down ? plan.along : height,
    titles: plan.titles ?? "long",
    down,
  };
}

const isPair = (pairs, columns, from, to) => pairs.some(([a, b]) => columns[a] === from && columns[b] === to);

/** Arcs that overlap have lanes of their own, the short ones within. */
function arcLanes(arcs) {
  const taken = [];
  const lanes = arcs.map(() => 0);
  const order = arcs.map((_, i) => i).sort((a, b) => arcs[a][1] - arcs[a][0] - (arcs[b][1] - arcs[b][0]));
  for (const i of order) {
    let lane = 0;
    while (taken[lane]?.some(([from, to]) => arcs[i][0] < to && from < arcs[i][1])) lane++;
    (taken[lane] ??= []).push(arcs[i]);
    lanes[i] = lane;
  }
  return lanes;
}

/** Gives each column of an arrangement its place: slots `from` to `to`, and of the other direction `low` to `high`. */
function place(items, { columns, from, to, low, high, plan }) {
  const step = (to - from) / Math.max(1, lengthOf(items));
  let at = from;
  for (const item of items) {
    const length = step * (item.branches ? lengthOf([item]) : 1);
    if (item.branches) {
      const share = (high - low) / item.branches.length;
      item.branches.forEach((branch, i) => place(branch, { columns, from: at, to: at + length, low: low + i * share, high: low + (i + 1) * share, plan }));
    } else {
      plan.put(columns[item], at + length / 2, low, high);
    }
    at += length;
  }
}

// --- from left to right

function planAcross(width, height, { model, scale, arcRoom, slots }) {
  const free = width - END.across;
  const side = Math.round(Math.max(64, Math.min(150, free * 0.13, height * 0.3))); // of the image
  const pitch = Math.max(LEAST_PITCH, (free - side) / Math.max(1, slots - 1));
  const titles = pitch >= ROOMY * scale ? "long" : pitch >= TIGHT * scale ? "short" : "upright";
  const upright = titles === "upright";
  const heads = HEAD[titles] * scale;
  const rest = (upright ? REST.upright : REST.level) * scale;
  const across = height - arcRoom;
  const some = (across - heads - rest) / 6.6; // so that six of them fit
  const cell = Math.round(Math.max(SMALLEST, Math.min(LARGEST, some, pitch * (upright ? 0.54 : 0.46))));
  return {
    along: Math.max(width, side + pitch * (slots - 1) + END.across),
    across,
    titles,
    put(column, slot, low, high) {
      const isFirst = !column.inputs.length;
      const middle = isFirst ? side / 2 : side + (slot - 0.5) * pitch - cell / 2;
      const head = isFirst ? HEAD.long * scale : heads;
      const top = arcRoom + low + heads;
      const bottom = arcRoom + high - rest;
      const wide = isFirst ? Math.max(side, 90 * scale) : upright ? 22 * scale : pitch * 0.99;
      column.box = [middle - pitch / 2, arcRoom + low, pitch, high - low];
      fill(column, model, { x: middle, top, bottom, cell, side: isFirst ? side : cell });
      const first = column.picture ?? column.boxes[0];
      column.head = [isFirst ? first[0] : middle - wide / 2, first[1] - head, wide, head - 4];
      const last = column.boxes.at(-1);
      column.rest = [middle, last[1] + last[3] + 2];
      if (column.flat !== null) column.bar = [Math.round(middle + cell / 2 + Math.min(24, (pitch - cell) * 0.4)), top, 7, Math.max(20, bottom - top)];
    },
    arc({ from, to, lane }) {
      const [a, b] = [from, to].map(({ boxes, head: [, y] }) => [boxes[0][0] + boxes[0][2] / 2, y]);
      const roof = Math.min(a[1], b[1]) - 8 - ARC * (lane + 1);
      return [[a[0] + 3, a[1]], [a[0] + 3, roof], [b[0] - 3, roof], [b[0] - 3, b[1]]];
    },
  };
}

/** The boxes of a column's maps below each other around `x`, between `top` and `bottom`. */
function fill(column, model, { x, top, bottom, cell, side }) {
  const { all, aspect, image } = formOf(column, model);
  const size = (edge) => (aspect >= 1 ? [edge, Math.max(8, edge / aspect)] : [Math.max(8, edge * aspect), edge]);
  const [width, height] = image === 1 ? size(side) : size(Math.min(cell, LARGEST));
  const picture = image === 3 ? size(side) : null;
  const room = bottom - top - (picture ? picture[1] + 12 : 0);
  const least = Math.max(4, cell * 0.14);
  const count = Math.min(all, MOST, Math.max(1, Math.floor((room + least) / (height + least))));
  const gap = count > 1 ? Math.min(height * 0.42, (room - count * height) / (count - 1)) : 0;
  const tall = count * height + (count - 1) * gap + (picture ? picture[1] + 12 : 0);
  let y = top + Math.max(0, (bottom - top - tall) / 2);
  column.picture = picture ? [Math.round(x - picture[0] / 2), Math.round(y), ...picture.map(Math.round)] : null;
  if (picture) y += picture[1] + 12;
  column.boxes = Array.from({ length: count }, (_, i) => [x - width / 2, y + i * (height + gap), width, height].map(Math.round));
  Object.assign(column, { all, aspect });
  if (image === 1) column.picture = column.boxes[0];
}

/** How many maps a column has, how wide they are for their height, and the image's channels, where it is one that goes in. */
export function formOf(column, { shapes, first }) {
  const shape = shapes[column.shows];
  const isInput = column.lead < first;
  const planar = shape.length === 2 && isInput ? [...shape, 1] : shape;
  const all = planar.at(-1);
  const aspect = planar.length === 3 ? Math.max(0.25, Math.min(4, planar[1] / planar[0])) : 1;
  return { all, aspect, image: isInput && planar.length === 3 && [1, 3].includes(all) ? all : 0 };
}

// --- from above to below

function planDown(width, { model, scale, arcRoom, slots }) {
  const side = Math.min(112, width * 0.32);
  const head = HEAD.line * scale;
  const left = arcRoom;
  const pitch = DOWN.pitch + (scale - 1) * HEAD.line;
  const begin = head + side + 34;
  return {
    along: begin + pitch * (slots - 1) + END.down,
    across: width - left - 2,
    put(column, slot, low, high) {
      const isFirst = !column.inputs.length;
      const top = isFirst ? 0 : begin + (slot - 1.5) * pitch;
      const { all, aspect, image } = formOf(column, model);
      const margin = high - low < width - left - 4 ? 10 : 0; // between branches
      const edge = image === 1 ? Math.min(side, high - low - margin) : Math.min(DOWN.cell, high - low - margin);
      const size = (wanted) => (aspect >= 1 ? [wanted, wanted / aspect] : [wanted * aspect, wanted]);
      const [w, h] = size(edge);
      const picture = image === 3 ? size(side) : null;
      const room = high - low - margin - (picture ? picture[0] + 14 : 0);
      const count = Math.max(1, Math.min(all, MOST, Math.floor((room + DOWN.gap) / (w + DOWN.gap))));
      const gap = count > 1 ? Math.min(w * 0.4, (room - count * w) / (count - 1)) : 0;
      const total = count * w + (count - 1) * gap + (picture ? picture[0] + 14 : 0);
      let x = left + low + Math.max(0, (high - low - total) / 2);
      const y = top + head + (picture ? (picture[1] - h) / 2 : 0);
      column.picture = picture ? [x, top + head, ...picture].map(Math.round) : null;
      if (picture) x += picture[0] + 14;
      column.boxes = Array.from({ length: count }, (_, i) => [x + i * (w + gap), y, w, h].map(Math.round));
      if (image === 1) column.picture = column.boxes[0];
      Object.assign(column, { all, aspect, box: [left + low, top, high - low, head + edge] });
      column.head = [left + low, top, high - low, head];
      column.rest = null; // stands in the head
      if (column.flat !== null) column.bar = [left + low, top + head + edge + 8, high - low, 7];
    },
    arc({ from, to, lane }) {
      const [a, b] = [from, to].map(({ boxes: [[x, y, , h]] }) => [x - 4, y + h / 2]);
      const wall = Math.min(a[0], b[0]) - 4 - ARC * (lane + 1);
      return [[a[0], a[1] + 4], [wall, a[1] + 4], [wall, b[1] - 4], [b[0], b[1] - 4]];
    },
  };
}

/** The column and the map at a point: {column, index, u, v}, u and v from 0 to 1 across the map; null where there is none. */
export function mapAt({ columns }, x, y) {
  for (const column of columns) {
    const boxes = column.picture && column.picture !== column.boxes[0] ? [...column.boxes, column.picture] : column.boxes;
    const index = boxes.findIndex(([left, top, width, height]) => x >= left && y >= top && x < left + width && y < top + height);
    if (index < 0) continue;
    const [left, top, width, height] = boxes[index];
    return { column, index: Math.min(index, column.boxes.length), u: (x - left) / width, v: (y - top) / height };
  }
  return null;
}
