// What is pointed at: the map and those it is made of stay lit, the same pixel is marked everywhere, and its receptive field
// on the image. All of it on a canvas of its own: the maps below are not painted again.

import { crisp, frame, token } from "../../shared/canvas.js";
import { h } from "../../shared/dom.js";
import { inWords, seen, valueAt } from "./describing.js";
import { partsOf } from "./flows.js";
import { asMaps, drawInto, inputPicture, mapPicture, paintLinks } from "./painting.js";

const SIDE = 156; // CSS pixels of the larger picture
const SMALLEST = 5; // of a mark
const GAP = 14;

/** Marks on `canvas`, and the card of the map in `holder`. `onopen` hears of its button. */
export function createHover(holder, canvas, { onopen }) {
  const pixels = h("canvas", { width: 1, height: 1 });
  const text = h("div", { class: "told" });
  const open = h("button", { type: "button", class: "primary", hidden: true, onclick: () => onopen() }, "Open this layer");
  const tip = h("div", { class: "overview-tip", hidden: true, "aria-hidden": "true" }, pixels, text, open);
  holder.append(tip);

  function clear() {
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    tip.hidden = true;
  }

  /** Shows a point {column, index, u, v} of a layout; gives what there is to say of it (inWords). */
  function show(point, layout, scene, { links, touch, boxOfClass }) {
    const { column, index } = point;
    const channel = column.channels[index] ?? column.channels[0];
    const at = valueAt(column, channel, point, scene);
    const known = partsOf(column, channel, scene);
    const into = links.filter((link) => link.to === column && link.slot === index);
    const out = links.filter((link) => link.from === column && link.index === index);
    const context = crisp(canvas, layout.width, layout.height);
    context.globalAlpha = 0.62;
    context.fillStyle = token("paper");
    context.fillRect(0, 0, layout.width, layout.height);
    context.globalAlpha = 1;
    const lit = [...into.map((link) => link.from.boxes[link.index]), ...(column.boxes[index] ? [column.boxes[index]] : []), column.head, ...layout.columns.flatMap(({ picture }) => (picture ? [picture] : []))];
    paintLinks(context, out, { down: layout.down, boxOfClass, answer: layout.answer });
    paintLinks(context, into, { down: layout.down, boxOfClass, answer: layout.answer, lit: true });
    for (const [x, y, width, height] of lit) context.clearRect(x - 1, y - 1, width + 2, height + 2);
    context.strokeStyle = token("accent");
    context.lineWidth = 1.5;
    for (const { from, index: each } of into) context.strokeRect(...grown(from.boxes[each], 1.5));
    if (column.boxes[index]) frame(context, ...grown(column.boxes[index], 2));
    markPixels(context, layout, point, scene);
    markField(context, layout, seen(column, at.unit, scene), scene);
    const words = inWords(column, channel, at, known, scene);
    enlarge(column, index, channel, at, scene);
    write(words);
    open.hidden = !touch;
    tip.classList.toggle("touched", touch);
    put(column.boxes[index] ?? column.picture, layout);
    return words;
  }

  /** The map larger, with the pixel that is meant. */
  function enlarge(column, index, channel, at, scene) {
    const isPicture = !column.boxes[index] || column.boxes[index] === column.picture;
    const source = isPicture ? inputPicture(column, scene) : mapPicture(column, channel, scene);
    const scale = SIDE / Math.max(source.width, source.height);
    const [width, height] = [Math.max(24, source.width * scale), Math.max(24, source.height * scale)];
    const context = crisp(pixels, width, height);
    drawInto(context, source, [0, 0, width, height]);
    const [rows, columns] = at.shape;
    if (rows * columns > 1) mark(context, [(at.column * width) / columns, (at.row * height) / rows, width / columns, height / rows]);
  }

  function write({ name, layer, does, about, at, parts, field, note }) {
    const line = (className, words) => (words ? h("p", { class: className }, words) : null);
    const rows = parts.map(([what, share]) => h("li", {}, h("span", {}, what), h("b", {}, share)));
    text.replaceChildren(
      ...[h("p", {}, h("b", {}, name)), line("muted", layer), line("does", does), line("muted", about), line("", at), line("muted", field)].filter(Boolean),
      ...(rows.length ? [h("p", { class: "muted made" }, "Computed from these maps"), h("ul", {}, rows)] : []),
      ...[line("muted", note)].filter(Boolean),
    );
  }

  /** Beside the map, where there is room. */
  function put([x, y, width, height], layout) {
    tip.hidden = false;
    const stage = canvas.getBoundingClientRect();
    const around = holder.getBoundingClientRect();
    const left = stage.left - around.left + x;
    const [wide, tall] = [tip.offsetWidth, tip.offsetHeight];
    const room = around.width;
    let to = left + width + GAP + 40;
    if (to + wide > room - 4) to = left - wide - GAP - 40;
    if (layout.down || to < 0) to = Math.max(4, Math.min(room - wide - 4, left + width / 2 - wide / 2));
    const top = stage.top - around.top;
    const above = layout.down && stage.top + y + height + GAP + tall > window.innerHeight;
    const beside = layout.down ? (above ? y - tall - GAP : y + height + GAP) : y + height / 2 - tall / 2;
    const [high, low] = [Math.max(-around.top, layout.down ? -Infinity : 0) + 6, window.innerHeight - around.top - tall - 6]; // on the screen
    tip.style.transform = `translate(${Math.round(to)}px, ${Math.round(Math.max(high, Math.min(low, top + beside)))}px)`;
  }

  return { show, clear };
}

const grown = ([x, y, width, height], by) => [x - by, y - by, width + 2 * by, height + 2 * by];

/** A small box that is seen on any map. */
function mark(context, [x, y, width, height]) {
  const [w, h] = [Math.max(SMALLEST, width), Math.max(SMALLEST, height)];
  const box = [x + width / 2 - w / 2, y + height / 2 - h / 2, w, h];
  context.lineWidth = 3;
  context.strokeStyle = token("halo");
  context.strokeRect(...box);
  context.lineWidth = 1.5;
  context.strokeStyle = token("accent");
  context.strokeRect(...box);
}

/** The same pixel in all maps. */
function markPixels(context, { columns }, { u, v }, { values }) {
  for (const { boxes, channels, shows } of columns) {
    if (!channels.length) continue;
    const [rows, across] = asMaps(values[shows]).shape;
    if (rows * across === 1) continue;
    const [row, column] = [Math.min(rows - 1, Math.floor(v * rows)), Math.min(across - 1, Math.floor(u * across))];
    for (const [x, y, width, height] of boxes) mark(context, [x + (column * width) / across, y + (row * height) / rows, width / across, height / rows]);
  }
}

/** The receptive field on each image. */
function markField(context, { columns }, boxes, { model }) {
  for (const { lead, picture } of columns) {
    const box = boxes[lead];
    if (!picture || box === undefined || lead >= model.first) continue;
    const [rows, across] = model.shapes[lead];
    const [x, y, width, height] = picture;
    const field = box ?? { top: 0, left: 0, rows, columns: across };
    if (!field.rows) continue;
    frame(context, x + (field.left * width) / across, y + (field.top * height) / rows, (field.columns * width) / across, (field.rows * height) / rows);
  }
}
