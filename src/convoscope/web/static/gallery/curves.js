// Accuracy after each epoch as lines: on the training images, and on the test images.

import { token } from "../shared/canvas.js";

const LINES = [
  { name: "accuracy", words: "training", colour: "muted", dash: [5, 4] },
  { name: "val_accuracy", words: "test", colour: "accent", dash: [] },
];

/** Paints the curves of {history}; returns the caption. */
export function paintCurves(context, width, height, { history }) {
  const font = Math.max(12, height / 20);
  const area = { left: font * 4, right: width - font * 5.2, top: 0.14 * height, bottom: 0.84 * height };
  const values = history.flatMap((epoch) => LINES.map(({ name }) => epoch[name]));
  const low = Math.floor(Math.min(...values) * 10) / 10;
  const x = (epoch) => area.left + ((epoch - 1) / Math.max(1, history.length - 1)) * (area.right - area.left);
  const y = (share) => area.bottom - ((share - low) / (1 - low)) * (area.bottom - area.top);
  context.font = `${font}px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  paintAxes(context, area, { low, x, y, epochs: history.map(({ epoch }) => epoch) });
  const ends = LINES.map(({ name }) => y(history.at(-1)[name]));
  const apart = Math.max(0, (font * 1.3 - Math.abs(ends[1] - ends[0])) / 2);
  for (const [i, line] of LINES.entries()) {
    const points = history.map((epoch) => [x(epoch.epoch), y(epoch[line.name])]);
    paintLine(context, points, line);
    const above = ends[i] < ends[1 - i] || (ends[0] === ends[1] && i === 0);
    context.textAlign = "left";
    context.fillText(line.words, area.right + 10, ends[i] + (above ? -apart : apart));
  }
  return `Accuracy after each of ${history.length} epochs`;
}

function paintAxes(context, { left, right, bottom }, { low, x, y, epochs }) {
  context.strokeStyle = token("line");
  context.fillStyle = token("muted");
  context.lineWidth = 1;
  context.setLineDash([]);
  for (const share of [low, (1 + low) / 2, 1]) {
    context.beginPath();
    context.moveTo(left, y(share));
    context.lineTo(right, y(share));
    context.stroke();
    context.textAlign = "right";
    context.fillText(`${Math.round(share * 100)} %`, left - 6, y(share));
  }
  context.textAlign = "center";
  for (const epoch of epochs) context.fillText(String(epoch), x(epoch), bottom + 16);
}

function paintLine(context, points, { colour, dash }) {
  context.strokeStyle = context.fillStyle = token(colour);
  context.lineWidth = 2.5;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.beginPath();
  for (const point of points) context.lineTo(...point);
  context.stroke();
  context.setLineDash([]);
  for (const [px, py] of points) {
    context.beginPath();
    context.arc(px, py, 3.5, 0, 2 * Math.PI);
    context.fill();
  }
}
