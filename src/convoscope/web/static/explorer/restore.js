// What an address says, as far as this model and these images have it: the rest is left out, and named.

import { OWN } from "./address.js";
import { readDrawing } from "./drawing-code.js";
import { imageShape } from "./images.js";

/**
 * The part of the state in `found` (from readAddress), and what was left out, in words: {patch, left}. model: from
 * opened.js; explorer: {names, beside, labels}; `number(position, weight, index)` is what the file has there, `own`
 * whether there is an own image.
 */
export function restore(found, { layers, inputShape, shapes, first, main }, explorer, { collection, number, folded, own }) {
  const { names, beside, labels } = explorer;
  const left = found.unread.map((name) => `“${name}” is unknown`);
  const out = (words) => void left.push(words);
  const { view, cell, unit, drawing } = found;
  const usual = found.folded?.filter((position) => position < layers.length) ?? folded;
  const patch = { position: -1, unit: null, part: found.part ?? null, folded: usual, presenting: found.presenting ?? false };
  if (view === "beside" && !beside) out("only one model was opened, so there is nothing to compare it with (convoscope explore RUN OTHER)");
  else if (view === "mistakes" && names.length && !labels) out("the page was opened without labelled images, so no mistakes are known");
  else if (["mistakes", "why"].includes(view) && !names.length) out("this network outputs images, not classes, so it has no mistakes to show");
  else if (view) patch.view = view;
  for (const name of ["pickA", "pickB", "foldedB"]) if (found[name]) patch[name] = found[name];
  if (cell && cell.every((each) => each < names.length)) patch.cell = cell;
  else if (cell) out("the confusion matrix has no such cell");
  Object.assign(patch, chosenImage());
  const size = (position) => shapes[position + first]?.reduce((a, b) => a * b, 1) ?? 0;
  if (found.position < layers.length && unit < size(found.position)) Object.assign(patch, { position: found.position, unit });
  else if (unit !== undefined) out("the network has no such value");
  patch.off = new Map();
  for (const [position, channels] of found.off ?? []) {
    const known = channels.filter((each) => position < layers.length && position !== main && each < shapes[position + first].at(-1));
    if (known.length) patch.off.set(position, known);
    if (known.length < channels.length) out("the network has no such filter");
  }
  patch.edits = new Map();
  for (const edit of found.edits ?? []) {
    if (has(edit)) set(edit.position, edit.weight, edit.index, edit.value);
    else out("the network has no such kernel value to edit");
  }
  if (found.kernel) bring(found.kernel);
  return { patch, left };

  function chosenImage() {
    const count = first === 1 && imageShape(inputShape)?.slice(0, 2).reduce((a, b) => a * b, 1);
    if (found.source === "draw" && count) {
      const greys = drawing && readDrawing(drawing, count);
      if (drawing && !greys) out("the drawing is for a network of another input size");
      return { source: "draw", ...(greys ? { drawing: greys } : {}) };
    }
    if (OWN.includes(found.source)) {
      if (own) return { source: found.source };
      out("an uploaded image stays on the computer where it was opened");
    } else if (found.source) out("this network does not take drawings");
    if (found.image === undefined) return {};
    if (collection.find(found.image) >= 0) return { source: "test", image: found.image };
    out(`image ${found.image} is not on this page`);
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
    if (!(channel < channels && filter < filters)) return out("the network has no such kernel");
    if (rows.length !== height || rows.some((row) => row.length !== width)) {
      return out(
        `the kernel from the filter lab has ${rows.length}×${rows[0].length} values, but the kernels of ${layers[position].name} have ` +
          `${height}×${width}`,
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
    else if (bias !== 0) out(`${layers[position].name} has no bias`);
  }
}

const six = (value) => Number(value.toPrecision(6));
