// A teacher's tour as Python hands it over, read once more: what a page in a file says may have been changed by hand. Texts
// stay texts, numbers are in bounds, and what is not known is left out. web/tours.py says what is wrong, and where.

import { POINTS } from "./points.js";

const [MOST_STEPS, LONGEST_TITLE, LONGEST_TEXT] = [60, 120, 600];
const VIEWS = ["overview", "network", "why", "mistakes"];
const USUAL_SECONDS = 8;

/**
 * The tour in `given`, {title, steps, exercises}; null where there is none. A step is {name, title, text, show, point,
 * seconds}; `exercises` is how many go with it: their own page reads them.
 */
export function readTour(given) {
  if (!isObject(given) || !Array.isArray(given.steps)) return null;
  const steps = given.steps.slice(0, MOST_STEPS).filter(isObject).map(readStep);
  const exercises = Array.isArray(given.exercises) ? given.exercises.length : 0;
  return steps.length ? { title: words(given.title, LONGEST_TITLE), steps: named(steps), exercises } : null;
}

function readStep({ name, title, text, show, point, seconds }) {
  return {
    name: typeof name === "string" ? slug(name) : "",
    title: words(title, LONGEST_TITLE),
    text: words(text, LONGEST_TEXT),
    show: isObject(show) ? readShow(show) : {},
    point: Object.hasOwn(POINTS, point) ? point : null,
    seconds: Number.isFinite(seconds) ? Math.max(1, Math.min(300, seconds)) : USUAL_SECONDS,
  };
}

function readShow({ view, layer, map, pixel, image, source, play }) {
  const show = {};
  if (VIEWS.includes(view)) show.view = view;
  if (typeof layer === "string") show.layer = layer.slice(0, LONGEST_TEXT);
  if (map === "strongest" || isIndex(map)) show.map = map;
  if (["strongest", "negative", "followed"].includes(pixel) || (Array.isArray(pixel) && pixel.length === 2 && pixel.every(isIndex))) show.pixel = pixel;
  if (isIndex(image)) show.image = image;
  if (source === "draw") show.source = source;
  if (play === "window") show.play = play;
  return show;
}

/** Steps with a name each, by which a link finds them: its own, or made from its title. */
function named(steps) {
  const taken = new Set();
  return steps.map((step, i) => {
    const wanted = step.name || slug(step.title) || `step-${i + 1}`;
    const name = taken.has(wanted) || /^\d+$/.test(wanted) ? `${wanted}-${i + 1}` : wanted;
    taken.add(name);
    return { ...step, name };
  });
}

/** A text as it stands in an address: “Patterns of patterns” → “patterns-of-patterns”. */
export const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);

const words = (text, most) => (typeof text === "string" ? text.slice(0, most) : "");
const isIndex = (number) => Number.isInteger(number) && number >= 0 && number < 1e9;
const isObject = (given) => typeof given === "object" && given !== null && !Array.isArray(given);
