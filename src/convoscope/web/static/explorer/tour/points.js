// What a step of a tour points at: its name, and where that is on the page.

import { positionIn } from "../positions.js";

const MARGIN = 8; // CSS pixels around what has no frame of its own
const FRAMED = ".card, .layer"; // what has one
const layer = ({ at, main }) => `.layer[data-position="${at?.position ?? main}"]`;

/** Names, and the selector of each, perhaps of the value {position, unit} that is shown. web/tours.py has the same names. */
export const POINTS = {
  image: () => "#received",
  source: () => "#source",
  draw: () => "#source .draw",
  result: () => "#result",
  map: () => "#inspector .pair figure:first-child .stage",
  pixel: () => "#inspector .pair figure:first-child .stage",
  window: () => "#inspector .pair",
  maps: layer,
  products: () => "#arithmetic .three",
  contributions: () => "#arithmetic .shares",
  arithmetic: () => "#arithmetic",
  equation: () => "#arithmetic > .equation",
  value: () => "#value",
  softmax: () => "#arithmetic .softmax",
  answer: ({ main }) => `.overview-answer, .layer[data-position="${main}"]`,
  heatmap: () => "#why-where",
  features: () => "#why-features",
  matrix: () => "#matrix",
  mistakes: () => "#cell-images",
  curves: () => "#time",
};

/** Where points are in the overview, {left, top, right, bottom}, if it is seen. */
const IN_OVERVIEW = {
  image: ({ overview, first }) => overview.columnOf(-first),
  maps: ({ overview, at }) => at && overview.columnOf(at.position),
  map: ({ overview, at, shape }) => at && overview.boxOf({ position: at.position, channel: positionIn(shape, at.unit).channel }),
};
const isInOverview = (point, { overview, view }) => Boolean(overview) && view === "overview" && Object.hasOwn(IN_OVERVIEW, point);

/** Whether a point is in the inspector. */
export const isInspected = (point) => /^#(inspector|arithmetic|value)\b/.test(POINTS[point]?.({}) ?? "");

/**
 * The element of a point; null where it is not on the page now. `about`: {at, first, main, shape (of the layer's output),
 * view, overview}; the last may be missing.
 */
export function elementOf(point, about) {
  if (!point) return null;
  const found = document.querySelectorAll(isInOverview(point, about) ? "#overview" : POINTS[point](about));
  return [...found].find((element) => element.checkVisibility() && element.getBoundingClientRect().width) ?? null;
}

/** The place of a point on the screen, {left, top, right, bottom}, as far as it is seen; the whole of it unless `clipped`. */
export function placeOf(point, element, about, clipped = true) {
  const whole = element.getBoundingClientRect();
  const inside = isInOverview(point, about) ? IN_OVERVIEW[point](about) : point === "pixel" ? pixelOf(whole, about) : null;
  const box = inside === null && element.matches(FRAMED) ? whole : grown(inside ?? whole);
  if (!clipped) return box;
  const around = element.closest(".inspector, .left")?.getBoundingClientRect();
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const bounds = [{ left: 0, top: 0, right: width, bottom: height }, ...(around ? [around] : [])];
  return bounds.reduce(
    (seen, each) => ({
      left: Math.max(seen.left, each.left),
      top: Math.max(seen.top, each.top),
      right: Math.min(seen.right, each.right),
      bottom: Math.min(seen.bottom, each.bottom),
    }),
    box,
  );
}

/** The square of the chosen pixel in its map. */
function pixelOf(stage, { at, shape }) {
  const { row, column } = positionIn(shape, at.unit);
  const [height, width] = [stage.height / shape[0], stage.width / shape[1]];
  const [left, top] = [stage.left + column * width, stage.top + row * height];
  return { left, top, right: left + width, bottom: top + height };
}

const grown = ({ left, top, right, bottom }) => ({ left: left - MARGIN, top: top - MARGIN, right: right + MARGIN, bottom: bottom + MARGIN });

/** Boxes that a step's text may speak of besides its point: the image and what the network makes of it. */
export function besidesOf({ overview, first, view }) {
  const seen = [...document.querySelectorAll(".pad, #result, .overview-answer")].filter((element) => element.checkVisibility());
  const image = overview && view === "overview" ? overview.columnOf(-first) : null;
  return [...seen.map((element) => element.getBoundingClientRect()), ...(image ? [image] : [])];
}
