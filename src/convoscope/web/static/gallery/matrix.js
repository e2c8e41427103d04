// A confusion matrix as a picture: what is right in the accent, mistakes in the colour of errors, stronger where more.

import { token } from "../shared/canvas.js";

const FAINTEST = 0.3; // of a cell with one mistake

/** Paints a matrix of counts into a square of a canvas; a row for each true class. */
export function paintMatrix(context, matrix, { x, y, side }) {
  const cell = side / matrix.length;
  const gap = cell > 6 ? 1 : 0;
  const most = Math.max(1, ...matrix.flatMap((row, i) => row.filter((_, k) => k !== i)));
  context.save();
  for (const [i, row] of matrix.entries()) {
    const total = row.reduce((a, b) => a + b, 0) || 1;
    for (const [k, count] of row.entries()) {
      context.globalAlpha = 1;
      context.fillStyle = token(count ? (i === k ? "accent" : "error") : "card");
      if (count) context.globalAlpha = i === k ? count / total : FAINTEST + ((1 - FAINTEST) * count) / most;
      context.fillRect(x + k * cell, y + i * cell, cell - gap, cell - gap);
    }
  }
  context.restore();
}
