// The window slides: the chosen pixel goes through its row, and the part of the image that it depends on goes with it.

import { indexIn, positionIn } from "../positions.js";

const [STOPS, PAUSE] = [26, 130]; // of a row at most, and milliseconds at each

/** Whether a person wants the page to be still. */
export const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Lets the pixel `at` {position, unit} of a map of `shape` go through its row, and come back; `show(unit)` shows one. Returns
 * what ends it.
 */
export function slide({ at, shape, show }) {
  if (shape.length < 3) return () => {};
  const { row, channel } = positionIn(shape, at.unit);
  const every = Math.ceil(shape[1] / STOPS);
  const columns = Array.from({ length: Math.ceil(shape[1] / every) }, (_, i) => i * every);
  const units = [...columns.map((column) => indexIn(shape, { row, column, channel })), at.unit];
  const timer = setInterval(() => {
    show(units.shift());
    if (!units.length) clearInterval(timer);
  }, PAUSE);
  return () => clearInterval(timer);
}
