// The images of the page: those that were given, by class; their values, and what they look like.

import { h } from "../shared/dom.js";

const SMALL = 96; // pixels

/** An input's shape as an image's, (height, width, channels); null where it is none. */
export function imageShape(shape) {
  if (shape.length === 2) return [...shape, 1];
  return shape.length === 3 && (shape[2] === 1 || shape[2] === 3) ? shape : null;
}

/**
 * The given images behind {count, tensors(i), tensor(i), label(i), predicted(i), alike(i), ofClass(c), ofCell(true,
 * predicted)}. `tensors`: one for each input of the network, `tensor` the first of them; `alike`: those that a person
 * chooses among beside an image, of the same class.
 */
export function createCollection({ explorer, images }, shapes) {
  const tensors = (i) =>
    shapes.map((shape, input) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const data = further.has(i) ? further.get(i)[input] : images[input](i * size, (i + 1) * size);
      return { shape, data, number: indices[i] };
    });
  const { labels, indices } = explorer;
  const further = new Map(); // i -> values for each input, of images that came later
  const small = new Map(); // of large images: "image input" -> its picture
  let { predicted } = explorer;
  const all = indices.map((_, i) => i);
  const classOf = (i) => (labels ?? predicted)[i];
  return {
    count: indices.length,
    tensors,
    tensor: (i) => tensors(i)[0],
    label: (i) => (labels ? labels[i] : null),
    predicted: (i) => predicted[i], // undefined where nobody has counted for the epoch that is shown
    opened: (i) => explorer.predicted[i], // by the model as it was opened
    /** Takes over other predictions, one for every image that Python has; null: those of the model as it was opened. */
    takeOver: (found) => (predicted = found ? indices.map((number) => found[number]) : explorer.predicted),
    /** A picture of each input that is an image; of a large one it is small. */
    pictures: (i) =>
      shapes.flatMap((shape, input) => {
        if (!imageShape(shape)) return [];
        const key = `${i} ${input}`;
        if (!small.has(key)) small.set(key, reduced(picture(tensors(i)[input], explorer.ranges[input])));
        return [copied(small.get(key))];
      }),
    /** Adds an image that Python has sent: its number, {label, predicted}, and its values for all inputs, one after the other. */
    add(number, { label, predicted: found, values }) {
      let from = 0;
      const parts = shapes.map((shape) => values.subarray(from, (from += shape.reduce((a, b) => a * b, 1))));
      further.set(all.length, parts);
      indices.push(number);
      labels?.push(label);
      predicted[all.length] ??= found;
      explorer.predicted[all.length] ??= found;
      all.push(all.length);
    },
    number: (i) => indices[i],
    find: (number) => indices.indexOf(number),
    alike: (i) => all.filter((other) => classOf(other) === classOf(i)),
    ofClass: (each) => all.filter((i) => classOf(i) === each),
    ofCell: (from, to) => all.filter((i) => labels?.[i] === from && predicted[i] === to),
  };
}

/** An image tensor as pixels. `range` is [black, white]. */
export function paintImage({ data, shape }, [low, high]) {
  const [height, width, channels] = imageShape(shape);
  const image = new ImageData(width, height);
  const factor = 255 / (high - low || 1);
  for (let i = 0, from = 0; i < height * width; i++, from += channels) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = (data[from + (channels === 3 ? c : 0)] - low) * factor;
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Paints an image tensor on a canvas, which gets its size. */
export function paintOn(canvas, tensor, range) {
  const image = paintImage(tensor, range);
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Shows in a figure what a network receives: an image for each of its inputs that is one. */
export function showReceived(figure, inputs, ranges) {
  const own = figure.querySelector("canvas");
  const shown = inputs.map((input, i) => [input, ranges[i]]).filter(([{ shape }]) => imageShape(shape));
  figure.hidden = !shown.length;
  const canvases = [own, ...figure.querySelectorAll("canvas.further")];
  while (canvases.length < shown.length) {
    const further = h("canvas", { class: "further", role: "img", "aria-label": own.getAttribute("aria-label") });
    canvases.at(-1).after(further);
    canvases.push(further);
  }
  shown.forEach(([input, range], i) => paintOn(canvases[i], input, range));
}

/** An image on a canvas of its own size. */
export function picture(tensor, range) {
  const canvas = h("canvas");
  paintOn(canvas, tensor, range);
  return canvas;
}

/** A canvas of at most SMALL pixels with the same picture. */
function reduced(canvas) {
  const scale = SMALL / Math.max(canvas.width, canvas.height);
  return scale < 1 ? drawn(canvas, Math.round(canvas.width * scale), Math.round(canvas.height * scale)) : canvas;
}

const copied = (canvas) => drawn(canvas, canvas.width, canvas.height);

function drawn(from, width, height) {
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(from, 0, 0, width, height);
  return canvas;
}

/** The mean of the squared differences of two images' values. */
export function meanSquaredError(one, other) {
  return one.data.reduce((sum, each, i) => sum + (each - other.data[i]) ** 2, 0) / one.data.length;
}

/** A share of the way from black to white as the network's value: whole, where the images are whole numbers. */
export function toRange(share, [low, high]) {
  const value = low + share * (high - low);
  return high > 1.5 && Number.isInteger(high) && low === 0 ? Math.round(value) : value;
}

/** How the images fill their frame, for drawings to do alike: {fill, row, column}, shares of the frame. */
export function habits(collection, shape, range, edge) {
  const [height, width, channels] = imageShape(shape);
  const sums = { fill: 0, row: 0, column: 0, count: 0 };
  for (let i = 0; i < Math.min(collection.count, 300); i++) {
    const { data } = collection.tensor(i);
    const ink = inkOf(
      (row, column) => (data[(row * width + column) * channels] - range[0]) / (range[1] - range[0] || 1),
      height,
      width,
      edge >= 0.5 ? 1 : 0,
    );
    if (!ink) continue;
    sums.fill += Math.max((ink.bottom - ink.top) / height, (ink.right - ink.left) / width);
    sums.row += ink.row / height;
    sums.column += ink.column / width;
    sums.count++;
  }
  if (!sums.count) return { fill: 0.72, row: 0.5, column: 0.5 };
  return { fill: sums.fill / sums.count, row: sums.row / sums.count, column: sums.column / sums.count };
}

/** The box and the centre of mass of what differs from the paper; null where nothing does. */
export function inkOf(look, height, width, paper) {
  const box = { top: height, left: width, bottom: 0, right: 0 };
  let [mass, rows, columns] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const ink = Math.abs(look(row, column) - paper);
      if (ink < 0.15) continue;
      box.top = Math.min(box.top, row);
      box.left = Math.min(box.left, column);
      box.bottom = Math.max(box.bottom, row + 1);
      box.right = Math.max(box.right, column + 1);
      mass += ink;
      rows += ink * (row + 0.5);
      columns += ink * (column + 0.5);
    }
  }
  return mass ? { ...box, row: rows / mass, column: columns / mass } : null;
}
