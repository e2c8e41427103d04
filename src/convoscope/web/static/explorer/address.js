// The state as the part of the address after #, safe against whatever somebody types there.
// Without a view it is the overview, or the layers where the address says more than an image: see viewOf.
// #view=mistakes&image=17&layer=3&unit=812&part=2&cell=4,9&off=1:5,7&edit=1.kernel.13=-0.5&epoch=3&fold=0,4&open=2
// A drawing is source=draw&drawing=…; kernel=1.0.5:1,2/3,4:0.1 is one that the filter lab gives back.
// tour=pooling is a step of the tour, tour=1 its first.
// present=1 is presentation mode. With two models: #view=beside&image=17&a=3,812&b=5,40&foldb=6

import { writeDrawing } from "./drawing-code.js";

/** Sources of images that are no part of the address. */
export const OWN = ["file", "camera"];

const PLAIN = ["source", "drawing", "image", "epoch", "present", "tour"]; // what an address of the overview may have
const LISTS = { fold: "folded", foldb: "foldedB", open: "open" };
const whole = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const EDIT = new RegExp(String.raw`^(\d{1,9})\.([a-z_]{1,30})\.(\d{1,9})=(${NUMBER})$`);
const KERNEL = new RegExp(String.raw`^(\d{1,9})\.(\d{1,9})\.(\d{1,9}):(${NUMBER}(?:[,/]${NUMBER})*):(${NUMBER})$`);

/** The state as text for the address; `first`: how many inputs the network has. Own images stay in this tab. */
export function writeAddress(state) {
  const { view, source, image, drawing, position, unit, part, cell, off, edits, epoch = null, folded, first = 1 } = state;
  const { pickA, pickB, foldedB, open = [], openAtFirst = [], foldedAtFirst = [], presenting = false } = state;
  const { tour = null } = state;
  const parts = [];
  if (source === "draw") parts.push("source=draw", ...(drawing ? [`drawing=${writeDrawing(drawing)}`] : []));
  else if (OWN.includes(source)) parts.push(`source=${source}`);
  else if (image !== null) parts.push(`image=${image}`);
  if (unit !== null) parts.push(`layer=${position + first}`, `unit=${unit}`);
  if (unit !== null && part !== null) parts.push(`part=${part}`);
  if (cell) parts.push(`cell=${cell.join(",")}`);
  for (const [layer, channels] of off) if (channels.length) parts.push(`off=${layer}:${channels.join(",")}`);
  for (const each of edits.values()) parts.push(`edit=${each.position}.${each.weight}.${each.index}=${single(each.value)}`);
  if (tour !== null) parts.push(`tour=${tour}`);
  if (epoch !== null) parts.push(`epoch=${epoch}`);
  const tellsFolds = view === "overview" ? !same(folded, foldedAtFirst) : folded.length + foldedAtFirst.length > 0;
  if (tellsFolds) parts.push(`fold=${folded.join(",")}`);
  if (!same(open, openAtFirst)) parts.push(`open=${open.join(",")}`);
  for (const [name, pick] of [["a", pickA], ["b", pickB]]) if (pick) parts.push(`${name}=${pick[0] + first},${pick[1]}`); // prettier-ignore
  if (foldedB) parts.push(`foldb=${foldedB.join(",")}`);
  if (presenting) parts.push("present=1");
  return [...(view === viewOf(parts.map((part) => part.split("=")[0])) ? [] : [`view=${view}`]), ...parts].join("&");
}

const same = (one, other) => [...one].sort().join() === [...other].sort().join();

/** The view that an address means which names none: links from before there was an overview lead to the layers as ever. */
const viewOf = (names) => (names.every((name) => PLAIN.includes(name)) ? "overview" : "network");

/** A single-precision number in the fewest digits that mean just this one. */
function single(value) {
  let digits = 1;
  while (digits < 9 && Math.fround(Number(value.toPrecision(digits))) !== value) digits++;
  return String(Number(value.toPrecision(digits)));
}

/** What a text says of the state of a network with `first` inputs, as it stands there; the names of what is not understood are in `unread`. */
export function readAddress(text, first = 1) {
  const found = { unread: [] };
  const names = [];
  const off = new Map();
  const edits = [];
  for (const part of text.replace(/^#/, "").split("&").filter(Boolean)) {
    const [name, ...rest] = part.split("=");
    const told = rest.join("=");
    names.push(name);
    const numbers = told.split(/[:,]/).map(whole);
    const good = !numbers.includes(undefined);
    const edit = EDIT.exec(told);
    const kernel = KERNEL.exec(told);
    if (name === "view" && ["overview", "network", "why", "mistakes", "beside"].includes(told)) found.view = told;
    else if (name === "source" && ["draw", ...OWN].includes(told)) found.source = told;
    else if (name === "drawing" && told) found.drawing = told;
    else if (name === "image" && good) found.image = numbers[0];
    else if (name === "layer" && good) found.position = numbers[0] - first;
    else if (name === "unit" && good) found.unit = numbers[0];
    else if (name === "part" && good) found.part = numbers[0];
    else if (name === "cell" && good && numbers.length === 2) found.cell = numbers;
    else if (name === "off" && good && numbers.length > 1) off.set(numbers[0], numbers.slice(1));
    else if (name === "present" && told === "1") found.presenting = true;
    else if (name === "tour" && /^[a-z0-9-]{1,60}$/.test(told)) found.tour = told;
    else if (name === "epoch" && good) found.epoch = numbers[0];
    else if (name === "edit" && edit) edits.push({ position: Number(edit[1]), weight: edit[2], index: Number(edit[3]), value: Number(edit[4]) }); // prettier-ignore
    else if (name === "kernel" && kernel) found.kernel = kernelIn(kernel);
    else if ((name === "a" || name === "b") && good && numbers.length === 2) found[name === "a" ? "pickA" : "pickB"] = [numbers[0] - first, numbers[1]]; // prettier-ignore
    else if (Object.hasOwn(LISTS, name)) found[LISTS[name]] = told.split(",").map(whole).filter((each) => each !== undefined);
    else found.unread.push(name);
  }
  if (off.size) found.off = off;
  if (edits.length) found.edits = edits;
  const known = names.filter((name) => !found.unread.includes(name));
  if (known.length) found.view ??= viewOf(known);
  return found;
}

function kernelIn([, position, channel, filter, rows, bias]) {
  const numbers = rows.split("/").map((row) => row.split(",").map(Number));
  return { position: Number(position), channel: Number(channel), filter: Number(filter), rows: numbers, bias: Number(bias) };
}
