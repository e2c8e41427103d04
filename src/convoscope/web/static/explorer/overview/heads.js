// What stands at the columns in words: a title and a size above the maps, what a bar is, and buttons for the maps that have no room.

import { h } from "../../shared/dom.js";
import { plural } from "../../shared/format.js";
import { sizeOf } from "../words.js";
import { titleOf } from "./columns.js";

const LANE = 220; // CSS pixels of a branch that flows down; narrower ones have no room for sizes

/** The words of all columns of a layout, as elements that are placed. */
export function headsOf(layout, model) {
  return layout.columns.flatMap((column) => [headOf(column, layout, model), barName(column, layout, model)].filter(Boolean));
}

/** A button for each column that has more maps than are drawn; `onmore(position)` hears of its layer. */
export function restsOf(layout, model, onmore) {
  return layout.columns.flatMap((column) => restOf(column, layout, model, onmore) ?? []);
}

function headOf(column, { titles, down }, model) {
  const { title, short, name } = titleOf(column, model);
  const shape = model.shapes[column.shows];
  const [left, top, width, height] = column.head;
  const inLane = down && width < LANE;
  const size = h("span", {}, titles === "long" && !down ? sizeOf(shape) : breakableSize(shape));
  const text = titles === "long" && !inLane ? title : short;
  const about = { class: "overview-head", title: name, dataset: { position: String(column.shows - model.first) } };
  const head = h("div", about, h("b", {}, text), inLane ? null : size);
  head.classList.toggle("level", !column.inputs.length);
  head.classList.toggle("narrow", titles === "short" && !down);
  return put(head, { left, top, width, height });
}

function restOf(column, { titles, down }, model, onmore) {
  const rest = column.all - column.boxes.length;
  const [left, top, width] = column.head;
  if (!rest || (down && width < LANE)) return null;
  const whole = plural(rest, model.shapes[column.shows].length === 1 ? "more neuron" : "more map");
  const text = titles === "long" && !down ? whole : `${rest.toLocaleString("en")} more`;
  const position = column.shows - model.first;
  const about = { "aria-label": `${whole} of ${model.nameOf(position)}`, title: `The strongest are drawn here. Show ${whole} in the layer.` };
  const button = h("button", { type: "button", class: "quiet overview-rest", ...about, onclick: () => onmore(position) }, text);
  button.addEventListener("keydown", (event) => event.key === "Enter" && event.stopPropagation()); // it opens no map besides
  return down ? put(button, { left: left + width, top }) : put(button, { left: column.rest[0], top: column.rest[1] });
}

function barName({ bar, flat }, { down, titles }, model) {
  if (!bar || down || titles === "upright") return null;
  const [x, y, width, height] = bar;
  const name = h("div", { class: "overview-bar" }, `flatten, ${model.shapes[flat].at(-1).toLocaleString("en")}`);
  return put(name, { left: x + width + 2, top: y + height / 2 });
}

/** “28×28×48”, which a line may break before the channels. */
const breakableSize = (shape) => shape.flatMap((side, i) => (i ? [i === 2 ? h("wbr") : null, `×${side}`] : [String(side)]));

/** Gives an element its place, in CSS pixels. */
function put(element, box) {
  for (const [side, pixels] of Object.entries(box)) element.style[side] = `${pixels}px`;
  return element;
}
