import { padIndices } from "./geometry.js";
import { tensor } from "./tensor.js";

/** The image with its padding around it. */
export function pad(input, rows, columns, mode) {
  if (!(rows.before || rows.after || columns.before || columns.after)) return input;
  const [, width, channels] = input.shape;
  const fromRow = padIndices(rows, mode);
  const fromColumn = padIndices(columns, mode);
  const output = tensor([fromRow.length, fromColumn.length, channels]);
  let to = 0;
  for (const row of fromRow) {
    for (const column of fromColumn) {
      if (row >= 0 && column >= 0) {
        const from = (row * width + column) * channels;
        for (let c = 0; c < channels; c++) output.data[to + c] = input.data[from + c];
      }
      to += channels;
    }
  }
  return output;
}

/** The gradient of `pad`: each padded pixel's gradient goes to the pixel that it showed. */
export function unpadGradient(gradient, rows, columns, mode) {
  if (!(rows.before || rows.after || columns.before || columns.after)) return gradient;
  const channels = gradient.shape[2];
  const fromRow = padIndices(rows, mode);
  const fromColumn = padIndices(columns, mode);
  const output = tensor([rows.size, columns.size, channels]);
  let at = 0;
  for (const row of fromRow) {
    for (const column of fromColumn) {
      if (row >= 0 && column >= 0) {
        const to = (row * columns.size + column) * channels;
        for (let c = 0; c < channels; c++) output.data[to + c] += gradient.data[at + c];
      }
      at += channels;
    }
  }
  return output;
}
