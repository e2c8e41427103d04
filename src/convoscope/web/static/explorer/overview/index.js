// The overview: the whole network on one screen. The image at the left, a column of maps for each layer, the answer at the
// right; below each other on a narrow screen.

import { delayed, h, oncePerFrame, setText } from "../../shared/dom.js";
import { plural } from "../../shared/format.js";
import { crisp } from "../../shared/canvas.js";
import { gradient, scaleFor } from "../../shared/scale.js";
import { theme } from "../../shared/theme.js";
import { valuesOf } from "../opened.js";
import { endsInProbabilities } from "../prediction.js";
import { createAnswer } from "./answer.js";
import { titleOf } from "./columns.js";
import { EXPLAINED } from "./contributions.js";
import { valueAt } from "./describing.js";
import { chooseMaps, linksInto } from "./flows.js";
import { headsOf, restsOf } from "./heads.js";
import { createHover } from "./hover.js";
import { createOutputImage } from "./output-image.js";
import { layoutOf } from "./layout.js";
import { paintArcs, paintBand, paintLinks, paintMaps } from "./painting.js";
import { createPointing } from "./pointing.js";
import { zoomInto } from "./zoom.js";

const NARROW = 700; // CSS pixels of the window; below, the network flows down
const SHORTEST = 400; // CSS pixels of the stage
const AT_ONCE = 8; // milliseconds of a frame in which links are computed
const CALM = 120; // milliseconds without another image, as while somebody draws, until links follow
const [ROW, TITLE, MORE] = [43, 65, 38]; // CSS pixels of a class, of what stands above the first, and of the button below the last
const WAY = "the image, the strongest maps of each layer, the prediction. A map is strong where its filter found what it looks for.";

/**
 * The overview in `holder`. `model`: from opened.js; `explorer` has names and value ranges, and what comes out: classes or images.
 * `onopen(position, {row, column, channel})` hears of a map that is clicked, `onsilence(position, channel)` that it is to be
 * turned off or on, `onmore(position)` that all maps of a layer are wanted.
 */
export function createOverview(holder, { model, explorer, onopen, onmore, onsilence }) {
  const { first, main } = model;
  const isClasses = explorer.outputs === "classes";
  const under = h("canvas", { class: "overview-links", "aria-hidden": "true" });
  const maps = h("canvas", { class: "overview-maps", "aria-hidden": "true" });
  const marks = h("canvas", { class: "overview-marks", "aria-hidden": "true" });
  const heads = h("div", { class: "overview-heads", "aria-hidden": "true" });
  const rests = h("div", { class: "overview-rests" });
  const stage = h("div", { class: "overview-stage", tabIndex: 0, role: "application" }, under, maps, heads, marks, rests);
  const slot = h("aside", { class: "card overview-source", "aria-label": "Image" });
  const result = h("div", { class: "overview-result" });
  const answerBox = h("section", { class: "card overview-answer", "aria-label": "Prediction" }, result);
  const legend = h("span", { class: "overview-legend" });
  const way = h("span", { class: "overview-way" }, h("span", { class: "across" }, "From left to right: "), h("span", { class: "down" }, "From top to bottom: "), WAY);
  const hint = h("p", { class: "overview-hint muted" }, way, legend, EXPLAINED);
  const spoken = h("p", { class: "visually-hidden", "aria-live": "polite" });
  holder.append(slot, stage, answerBox, hint, spoken);
  const answer = isClasses
    ? createAnswer(answerBox, {
        names: explorer.names,
        probabilities: endsInProbabilities(model),
        most: 10,
        onpick: (index) => onopen(main, { channel: Math.min(index, model.shapes[main + first].at(-1) - 1) }), // one output stands for two classes
        onmore: () => relink(),
      })
    : createOutputImage(answerBox, { model, range: explorer.outputRange });
  const hover = createHover(holder, marks, { onopen: () => open(pointing.point()) });
  const pointing = createPointing(stage, { layout: () => layout, show, open, silence });
  let layout = null;
  let made = ""; // what the layout was made for
  let run = null;
  let scene = null;
  let links = [];
  let bands = [];
  let due = null; // the columns whose links are to be computed

  function arrange() {
    const down = window.innerWidth < NARROW;
    holder.classList.toggle("down", down);
    const top = holder.getBoundingClientRect().top + window.scrollY;
    holder.style.setProperty("--top", `${Math.round(top)}px`);
    const scale = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--text-scale")) || 1;
    const [width, height] = [stage.clientWidth, down ? 0 : Math.max(SHORTEST, stage.clientHeight)];
    const now = [width, height, down, scale].join();
    if (!width || now === made) return;
    made = now;
    const before = new Map(layout?.columns.map(({ lead, channels }) => [lead, channels]));
    layout = layoutOf(model, { width, height, down, scale });
    for (const column of layout.columns) column.channels = before.get(column.lead) ?? [];
    links = bands = [];
    for (const element of [under, maps, marks]) crisp(element, layout.width, layout.height);
    stage.style.setProperty("--tall", `${layout.height}px`);
    answer.setMost(down ? 3 : Math.max(5, Math.min(20, rowsIn(answerBox.clientHeight - result.offsetHeight, scale))));
    writeHeads();
    pointing.forget();
  }

  /** How many classes have room in a height: all of them, or some and the button for the rest. */
  function rowsIn(height, scale) {
    const fit = (room) => Math.floor((room / scale - TITLE) / ROW);
    return fit(height) >= explorer.names.length ? fit(height) : fit(height - MORE * scale);
  }

  function writeHeads() {
    for (const each of [heads, rests]) each.classList.toggle("upright", layout.titles === "upright");
    heads.replaceChildren(...headsOf(layout, model));
    rests.replaceChildren(...restsOf(layout, model, onmore));
  }

  // --- what is painted

  function render(now) {
    const same = run !== null && run.given === now.given;
    run = now;
    arrange();
    if (!layout) return;
    const values = valuesOf(run);
    const byFeeds = new Map(layout.columns.map((column) => [column.feeds, column]));
    scene = { model, values, ranges: explorer.ranges, byFeeds };
    chooseMaps(layout, model, values, same);
    if (isClasses) answer.render(values[main + first], run.label, Boolean(run.given[0].blank));
    else answer.render(run);
    paintMaps(crisp(maps, layout.width, layout.height), layout, scene, run.off);
    if (links.length + bands.length) relinkSoon();
    else relink();
    pointing.again();
  }

  function relink() {
    if (!layout || holder.hidden) return;
    due = { columns: [...layout.columns.filter(({ lead }) => lead >= first), layout.answer], links: [], bands: [] };
    compute();
    if (!due) paintUnder();
    sayStage();
  }
  const relinkSoon = delayed(CALM, relink);

  /** Computes links as far as a frame has time, and goes on in the next one. */
  function compute() {
    const end = performance.now() + AT_ONCE;
    while (due?.columns.length && performance.now() < end) {
      const column = due.columns.shift();
      const { known, links: found } = linksInto(column, channelsOf(column), scene);
      due.links.push(...found);
      if (known.includes(null) || !known.length) due.bands.push(...layout.links.filter(([, to]) => to === column));
    }
    if (!due) return;
    if (due.columns.length) return goOn();
    ({ links, bands } = due);
    due = null;
  }

  const goOn = oncePerFrame(() => {
    compute();
    if (!due) paintUnder();
  });

  /** The channels of a column to which links are drawn; of the answer those of the classes that are shown. */
  function channelsOf(column) {
    if (column !== layout.answer) return column.channels;
    const count = model.shapes[main + first].at(-1);
    return isClasses ? answer.classes().map((index) => (count === 1 ? 0 : index)) : [0, 1, 2].slice(0, count);
  }

  function paintUnder() {
    const context = crisp(under, layout.width, layout.height);
    for (const [from, to] of bands) paintBand(context, from, to, layout.down);
    paintArcs(context, layout);
    paintLinks(context, links, { down: layout.down, boxOfClass, answer: layout.answer });
    const scale = scaleFor({ data: new Float32Array([-1, 1]), shape: [2] }, "signed", 1);
    const bar = h("i");
    bar.style.background = gradient(scale, theme());
    legend.replaceChildren("negative ", bar, " positive");
    pointing.again();
  }

  /** Where links to a row of the answer end. */
  function boxOfClass(rank) {
    const to = answer.boxOf(rank);
    if (!to) return null;
    if (layout.down) return [layout.width / 2, layout.height, 0, 0];
    const box = maps.getBoundingClientRect();
    return [layout.width, to.top - box.top, 0, to.height];
  }

  // --- what is pointed at

  function show(point, { touch = false, spoke = false } = {}) {
    if (!point || !scene?.values[point.column.shows]) {
      hover.clear();
      return;
    }
    const words = hover.show(point, layout, scene, { links, touch, boxOfClass });
    if (!spoke) return;
    const parts = words.parts.map((part) => part.join(" ")).join(", ");
    setText(spoken, [`${words.layer}: ${words.name}`, words.does.replace(/\.$/, ""), words.about, words.at, parts && `Computed from ${parts}`, words.field, words.note].filter(Boolean).join(". "));
  }

  function open(point) {
    if (!point || !scene) return;
    const { column, index, u, v } = point;
    const channel = column.channels[index] ?? column.channels[0];
    if (channel === undefined) return;
    const { row, column: across } = valueAt(column, channel, { u, v }, scene);
    const at = model.shapes[column.shows].length === 3 ? { row, column: across, channel } : { channel };
    const position = column.shows - first;
    hover.clear();
    zoomInto(stage, column.boxes[index] ?? column.picture, () => onopen(position, at));
  }

  function silence(point) {
    const { column, index } = point;
    if (column.lead >= first && column.channels[index] !== undefined) onsilence(column.shows - first, column.channels[index]);
  }

  function sayStage() {
    const hidden = layout.columns.map((column) => `${titleOf(column, model).name}, ${plural(column.all, "map")}`);
    stage.setAttribute("aria-label", `The network: ${hidden.join("; ")}. Arrow keys walk through layers and maps, Enter opens a layer, Delete turns a map off or on.`);
  }

  const again = oncePerFrame(() => run && !holder.hidden && render(run));
  new ResizeObserver(again).observe(holder);
  new ResizeObserver(again).observe(stage);
  new ResizeObserver(again).observe(document.querySelector("header")); // it may take another line
  new ResizeObserver(again).observe(holder.parentElement); // something above may come or go
  window.addEventListener("resize", again);

  const inPage = ([x, y, width, height]) => {
    const box = maps.getBoundingClientRect();
    return new DOMRect(box.left + x, box.top + y, width, height);
  };
  const columnAt = (position) => layout?.columns.find(({ values }) => values.includes(position + first)) ?? null;
  return {
    render,
    /** Where the image's source and the verdict stand while the overview is seen. */
    slot,
    result,
    /** The positions of the layers whose values are shown. */
    wanted() {
      const values = (layout?.columns ?? []).flatMap(({ shows, feeds, flat }) => [shows, feeds, flat ?? shows]);
      return [...new Set(values)].filter((value) => value >= first).map((value) => value - first);
    },
    /** The box of a map in client coordinates, by its layer and channel; null where it is not drawn. */
    boxOf({ position, channel }) {
      const column = columnAt(position);
      const box = column?.boxes[column.channels.indexOf(channel)];
      return box ? inPage(box) : null;
    },
    /** The box around a layer's head and maps in client coordinates; null where it has none: the answer's layer. */
    columnOf(position) {
      const column = columnAt(position);
      return column ? inPage(around([column.head, ...column.boxes, ...(column.picture ? [column.picture] : [])])) : null;
    },
  };
}

/** The box around boxes. */
function around(boxes) {
  const [left, top] = [0, 1].map((side) => Math.min(...boxes.map((box) => box[side])));
  const [right, bottom] = [0, 1].map((side) => Math.max(...boxes.map((box) => box[side] + box[side + 2])));
  return [left, top, right - left, bottom - top];
}
