// What an address says, as far as this model and these images have it: the rest is left out, and named.

import { OWN } from "./address.js";
import { readDrawing } from "./drawing-code.js";
import { imageShape } from "./images.js";

/**
 * The part of the state in `found` (from readAddress), and what was left out, in words: {patch, left}. model: from
 * opened.js; explorer: {names, beside}; `number(position, weight, index)` is what the file has there, `own`
 * whether there is an own image.
 */
export function restore(found, { layers, inputShape, shapes, first, main }, explorer, { collection, number, folded, own }) {
  const { names, beside } = explorer;
  const left = found.unread.map((name) => `“${name}”`);
  const out = (words) => void left.push(words);
  const { view, cell, unit, drawing } = found;
  const usual = found.folded?.filter((position) => position < layers.length) ?? folded;
  const patch = { position: -1, unit: null, part: found.part ?? null, folded: usual };
  if (view === "beside" && !beside) out("two models side by side, for only one was opened (convoscope explore RUN OTHER)");
  else if (["mistakes", "why"].includes(view) && !names.length) out("mistakes, for this network's outputs are images and not classes");
  else if (view) patch.view = view;
  for (const name of ["pickA", "pickB", "foldedB"]) if (found[name]) patch[name] = found[name];
  if (cell && cell.every((each) => each < names.length)) patch.cell = cell;
  else if (cell) out("a cell of the confusion matrix");
  Object.assign(patch, chosenImage());
  const size = (position) => shapes[position + first]?.reduce((a, b) => a * b, 1) ?? 0;
  if (found.position < layers.length && unit < size(found.position)) Object.assign(patch, { position: found.position, unit });
  else if (unit !== undefined) out("a value that the network has not");
  patch.off = new Map();
  for (const [position, channels] of found.off ?? []) {
    const known = channels.filter((each) => position < layers.length && position !== main && each < shapes[position + first].at(-1));
    if (known.length) patch.off.set(position, known);
    if (known.length < channels.length) out("filters that the network has not");
  }
  patch.edits = new Map();
  for (const edit of found.edits ?? []) {
    if (has(edit)) set(edit.position, edit.weight, edit.index, edit.value);
    else out("an edited number that the network has not");
  }
  if (found.kernel) bring(found.kernel);
  return { patch, left };

  function chosenImage() {
    const count = first === 1 && imageShape(inputShape)?.slice(0, 2).reduce((a, b) => a * b, 1);
    if (found.source === "draw" && count) {
      const greys = drawing && readDrawing(drawing, count);
      if (drawing && !greys) out("a drawing for a network of another size");
      return { source: "draw", ...(greys ? { drawing: greys } : {}) };
    }
    if (OWN.includes(found.source)) {
      if (own) return { source: found.source };
      out("somebody's own image, which stays with whoever brought it");
    } else if (found.source) out("a drawing, which this network does not take");
    if (found.image === undefined) return {};
    if (collection.find(found.image) >= 0) return { source: "test", image: found.image };
    out(`image ${found.image}, which is not among those on this page`);
    return {};
  }

  function has({ position, weight, index, value }) {
    const weights = layers[position]?.weights ?? {};
    return Object.hasOwn(weights, weight) && index < weights[weight].data.length && Number.isFinite(Math.fround(value));
  }

  /** A number as it is to be; as in the file it is no edit. */
  function set(position, weight, index, value) {
    const key = `${position} ${weight} ${index}`;
    if (Math.fround(value) === number(position, weight, index)) patch.edits.delete(key);
    else patch.edits.set(key, { position, weight, index, value: Math.fround(value) });
  }

  /** A kernel from the filter lab, which keeps six digits of a number: what agrees in these was not changed. */
  function bring({ position, channel, filter, rows, bias }) {
    const { kernel, bias: biases } = layers[position]?.weights ?? {};
    const [height, width, channels, filters] = kernel?.shape.length === 4 ? kernel.shape : [];
    if (!(channel < channels && filter < filters)) return out("a kernel that the network has not");
    if (rows.length !== height || rows.some((row) => row.length !== width)) {
      return out(
        `the kernel of ${rows.length}×${rows[0].length} numbers from the filter lab, for ${layers[position].name} has ` +
          `kernels of ${height}×${width}`,
      );
    }
    const change = (weight, index, value) => {
      const now = patch.edits.get(`${position} ${weight} ${index}`)?.value ?? number(position, weight, index);
      const original = number(position, weight, index);
      if (six(value) === six(now)) return;
      set(position, weight, index, six(value) === six(original) ? original : value);
    };
    rows.forEach((row, y) =>
      row.forEach((value, x) => change("kernel", ((y * width + x) * channels + channel) * filters + filter, value)),
    );
    if (biases) change("bias", filter, bias);
    else if (bias !== 0) out(`a bias, for ${layers[position].name} has none`);
  }
}

const six = (value) => Number(value.toPrecision(6));
