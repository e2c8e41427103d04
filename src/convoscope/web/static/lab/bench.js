// The bench: the chosen step's input, its output, and the window that links them, seen whole and pixel by pixel.

import { CLIPPED, css } from "../shared/colour.js";
import { byId, h, select, setText, setValue } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { createImageView } from "../shared/image-view.js";
import { channelOf, colourOf, countCut, cutAt, extent, gradient, hatchCut, paint, pixelCut } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { createArithmetic } from "./arithmetic.js";
import { at, explain, look } from "./explain.js";
import { createPixelGrid } from "./pixel-grid.js";

const NAMES = ["red", "green", "blue"];
const FEW = 40 * 40; // pixels that are large enough on the page for marks of their own

/** The bench. `point(of, row, column)` and `move(rows, columns)` change the window's position. */
export function createBench(state, point, move) {
  const pointAt = (of) => ({ onpoint: (row, column) => point(of, row, column), onmove: move });
  const input = createImageView(byId("input-view"), { name: "Input", most: 500, ...pointAt("input") });
  const output = createImageView(byId("output-view"), { name: "Output", most: 500, ...pointAt("output") });
  const inputGrid = createPixelGrid(byId("input-grid"), { name: "Input pixels", ...pointAt("input") });
  const outputGrid = createPixelGrid(byId("output-grid"), { name: "Output pixels", ...pointAt("output") });
  const arithmetic = createArithmetic(state);
  const legend = createLegend(state);
  let painted = null;
  let last = {};
  let values = null; // what the legend says of
  let marked = false;

  /** The images: after every run, and where their colours change. */
  function repaint({ result, scales }) {
    const { mark } = state.get();
    const cuts = scales.output.kind === "image" ? countCut(result.raw) : { below: 0, above: 0 };
    const signs = scales.output.kind === "signed" && result.output.shape[2] > 1; // a sign has no place in three colours
    painted = paint(signs ? channelOf(result.output, scales.channel) : result.output, scales.output, theme());
    const key = [scales.input.kind, scales.input.limit, theme()].join();
    if (result.input !== last.input || key !== last.key) input.show(paint(result.input, scales.input, theme()));
    last = { input: result.input, key };
    const { low, high } = extent(result.output);
    marked = mark && cuts.below + cuts.above > 0;
    output.show(
      marked && painted.width * painted.height > FEW ? hatchCut(painted, result.raw) : painted,
      ` Values ${number(low, 0)} to ${number(high, 0)}.`,
    );
    setText(byId("input-size"), sizeText(result.input));
    setText(byId("output-size"), sizeText(result.output) + (signs ? ` · ${NAMES[scales.channel]}` : ""));
    values = { scale: scales.output, extent: { low, high }, ...cuts };
  }

  /** The window on both images, both grids, the arithmetic and the legend: wherever the window moves, and after runs. */
  function placeWindow({ result, scales, position: where }) {
    legend.render(values);
    const { step, geometry, input: source, output: target } = result;
    const { rows, columns } = geometry;
    const explanation = explain(source, step, geometry, where);
    const box = { top: where.top, left: where.left, rows: rows.reach, columns: columns.reach };
    const made = where.row !== null;
    // Text on canvases makes the browser lay the page out: what changes the page comes before.
    arithmetic.render({
      step,
      explanation,
      position: where,
      channel: scales.inputChannel,
      input: source,
      scales: { input: scales.inputPlane, output: scales.output },
    });
    input.mark([{ kind: "frame", row: box.top, column: box.left, rows: box.rows, columns: box.columns }]);
    output.mark([
      ...(marked ? corners(result.raw) : []),
      ...(state.get().reveal && made ? veils(where, target.shape) : []),
      ...(made ? [{ kind: "frame", row: where.row, column: where.column, rows: 1, columns: 1 }] : []),
    ]);

    const cells = explanation.channels[scales.inputChannel].cells.flat();
    const under = new Set(cells.map((cell) => `${cell.row},${cell.column}`));
    inputGrid.show({
      bounds: {
        top: -rows.before,
        left: -columns.before,
        bottom: rows.size + rows.after,
        right: columns.size + columns.after,
      },
      window: box,
      lit: step.dilation > 1 ? cells.map((cell) => [cell.row, cell.column]) : [],
      dots: (view) =>
        step.type === "convolve" && (rows.stride > 1 || columns.stride > 1) ? middles(step, geometry, view) : [],
      look: (row, column) => {
        const cell = look(source, step, geometry, row, column, scales.inputChannel);
        if (cell.state === "inside") return { ...cell, colour: colourOf(cell.value, scales.inputPlane, theme()) };
        return cell.state === "padded" || under.has(`${row},${column}`) ? cell : { state: "nothing" };
      },
    });
    outputGrid.show({
      bounds: { top: 0, left: 0, bottom: rows.out, right: columns.out },
      window: made
        ? { top: where.row, left: where.column, rows: 1, columns: 1 }
        : { top: 0, left: 0, rows: 0, columns: 0 },
      lit: [],
      dots: () => [],
      look: (row, column) => {
        const hidden = state.get().reveal && made && (row > where.row || (row === where.row && column > where.column));
        if (hidden) return { state: "nothing" };
        const value = at(target, row, column, scales.channel);
        const cut = scales.output.kind === "image" ? cutAt(at(result.raw, row, column, scales.channel)) : "";
        return { value, colour: colourOf(value, scales.output, theme()), state: "inside", cut };
      },
    });
    inputGrid.describe(`Window at row ${where.top}, column ${where.left}.`);
    outputGrid.describe(made ? `Row ${where.row}, column ${where.column}.` : "There is no output pixel here.");
    return made
      ? `Output row ${where.row}, column ${where.column}: ${arithmetic.text()}`
      : byId("arithmetic-note").textContent;
  }

  return { repaint, placeWindow, image: () => painted };
}

function sizeText({ shape: [height, width, channels] }) {
  return `${height} × ${width}${channels > 1 ? ` × ${channels}` : ""}`;
}

/** Corners on the pixels of a small image that its scale cuts off; a large one is hatched. */
function corners({ data, shape: [height, width, channels] }) {
  if (height * width > FEW) return [];
  const list = [];
  for (let i = 0; i < height * width; i++) {
    const end = pixelCut(data, i * channels, channels);
    if (end) list.push({ kind: end, row: Math.floor(i / width), column: i % width, rows: 1, columns: 1 });
  }
  return list;
}

/** What has not been computed yet while the scan plays. */
function veils({ row, column }, [height, width]) {
  return [
    { kind: "veil", row, column: column + 1, rows: 1, columns: width - column - 1 },
    { kind: "veil", row: row + 1, column: 0, rows: height - row - 1, columns: width },
  ];
}

/** The pixels in view at which a strided window has its middle. */
function middles(step, { rows, columns }, view) {
  const along = (axis, from, length) => {
    const middle = Math.floor((axis.kernel - 1) / 2) * axis.dilation - axis.before;
    const found = [];
    for (let pixel = from; pixel < from + length; pixel++) {
      const index = (pixel - middle) / axis.stride;
      if (Number.isInteger(index) && index >= 0 && index < axis.out) found.push(pixel);
    }
    return found;
  };
  const across = along(columns, view.left, view.columns);
  return along(rows, view.top, view.rows).flatMap((row) => across.map((column) => [row, column]));
}

function createLegend(state) {
  const bar = h("div", { class: "bar" });
  const ends = h("p", { class: "ends" });
  const stats = h("p", { class: "muted stats", id: "stats" });
  const clipped = h("p", { class: "stats clipped", id: "clipped" });
  const look = select(
    "Colours shown",
    [
      ["auto", "Automatic"],
      ["image", "Image, 0…255"],
      ["signed", "Signed, 0 in the middle"],
    ],
    (value) => state.change({ look: value }),
    { id: "look" },
  );
  const range = select(
    "Range shown",
    [
      ["own", "Of this result"],
      ["shared", "Shared by all steps"],
    ],
    (value) => state.change({ range: value }),
    { id: "range" },
  );
  const mark = h("input", { type: "checkbox", id: "mark", onchange: () => state.change({ mark: mark.checked }) });
  const markField = h("label", { class: "check" }, mark, "Mark cut-off values");
  byId("legend").append(bar, ends, stats, clipped);
  byId("display").append(look.field, range.field, markField);
  const count = (value, name, colour) => {
    const swatch = h("i", { class: "swatch" });
    swatch.style.backgroundColor = css(colour);
    return value ? h("span", {}, swatch, `${value.toLocaleString("en")} ${name}`) : "";
  };
  let shown = null;
  return {
    render(values) {
      if (values === shown) return;
      shown = values;
      const { scale, extent: { low, high }, below, above } = values; // prettier-ignore
      const digits = scale.limit < 100 ? 1 : 0;
      bar.style.backgroundImage = gradient(scale, theme());
      const left = scale.kind === "signed" ? number(-scale.limit, digits) : "0";
      ends.replaceChildren(
        h("span", {}, left),
        scale.kind === "signed" ? h("span", {}, "0") : "",
        h("span", {}, number(scale.limit, digits)),
      );
      stats.textContent = `Values from ${number(low, digits)} to ${number(high, digits)}`;
      markField.hidden = scale.kind !== "image";
      const cut = scale.kind === "image" && below + above > 0;
      clipped.replaceChildren(
        ...(cut ? [count(below, "below 0", CLIPPED.below), " ", count(above, "above 255", CLIPPED.above)] : []),
      );
      const { look: chosen, range: wide, mark: marked } = state.get();
      setValue(look.control, chosen);
      setValue(range.control, wide);
      mark.checked = marked;
    },
  };
}
