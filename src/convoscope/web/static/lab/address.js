// The state as the part of the address after #: short, readable, and safe against whatever somebody types there.
// #image=photo&grey=1&step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1;stride=2&step=pool;mode=min&show=0&at=3,4&hide=chain
// A kernel that a network's page handed over also has from=…, where it came from.

import { ACTIVATIONS } from "../engine/activation.js";
import { PADDINGS } from "../engine/geometry.js";
import { POOLINGS } from "../engine/pooling.js";
import { parseNumber, tooLarge } from "../shared/format.js";
import { LARGEST } from "./kernel-text.js";
import { defaults, makeStep, MOST_STEPS } from "./steps.js";

export const PARTS = ["source", "chain", "kernel", "settings", "pixels", "colour", "export"];

const oneOf = (names) => (text) => (names.includes(text) ? text : undefined);
const whole = (least, most) => (text) => (/^\d+$/.test(text) && +text >= least && +text <= most ? +text : undefined);
const usable = (value) => !Number.isNaN(value) && !tooLarge(value);
const decimal = (text) => (usable(parseNumber(text)) ? parseNumber(text) : undefined);

const SETTINGS = {
  convolve: {
    kernel: kernels,
    weight: decimal,
    bias: decimal,
    stride: whole(1, 8),
    padding: (text) => oneOf(PADDINGS)(text) ?? whole(0, 8)(text),
    padMode: oneOf(["zeros", "reflect", "edge"]),
    dilation: whole(1, 4),
    channels: oneOf(["apart", "sum"]),
    mode: oneOf(["correlate", "convolve"]),
    activation: oneOf(ACTIVATIONS.filter((name) => name !== "softmax")),
    clip: (text) => text === "true",
  },
  pool: { mode: oneOf(POOLINGS), size: whole(1, 8), stride: whole(1, 8) },
};

/** The state as text for the address. */
export function writeAddress(state) {
  const parts = [`image=${encodeURIComponent(state.image)}`];
  if (state.grey) parts.push("grey=1");
  for (const step of state.steps) parts.push(`step=${writeStep(step)}`);
  if (state.selected) parts.push(`show=${state.selected}`);
  if (state.position)
    parts.push(`${state.position.of === "input" ? "pixel" : "at"}=${state.position.row},${state.position.column}`);
  if (state.look !== "auto") parts.push(`look=${state.look}`);
  if (state.range !== "own") parts.push(`range=${state.range}`);
  for (const name of ["hide", "lock"]) if (state[name].length) parts.push(`${name}=${state[name].join(",")}`);
  if (state.from) parts.push(`from=${encodeURIComponent(`${state.from.kernel}&${state.from.page}`)}`);
  return parts.join("&");
}

function writeStep(step) {
  const known = defaults(step.type);
  const parts = [step.type];
  if (step.type === "convolve") parts.push(`kernel=${step.kernels.map(writeKernel).join("_")}`);
  for (const name of Object.keys(SETTINGS[step.type])) {
    if (name !== "kernel" && step[name] !== known[name])
      parts.push(`${name}=${typeof step[name] === "number" ? short(step[name]) : step[name]}`);
  }
  return parts.join(";");
}

// The page computes in single precision, and nine digits tell any two such numbers apart.
const short = (value) => String(Number(value.toPrecision(9)));
const writeKernel = (rows) => rows.map((row) => row.map(short).join(",")).join("/");

/** The state in an address; what is unknown or wrong there is left out. */
export function readAddress(text) {
  const state = {};
  const steps = [];
  for (const part of text.replace(/^#/, "").split("&")) {
    const cut = part.indexOf("=");
    if (cut < 0) continue;
    const [name, value] = [part.slice(0, cut), decoded(part.slice(cut + 1))];
    if (name === "step") steps.push(readStep(value));
    else if (name === "image" && value) state.image = value;
    else if (name === "grey") state.grey = value === "1";
    else if (name === "show") state.selected = whole(0, MOST_STEPS)(value) ?? 0;
    else if ((name === "at" || name === "pixel") && /^\d{1,5},\d{1,5}$/.test(value)) {
      const [row, column] = value.split(",").map(Number);
      state.position = { of: name === "at" ? "output" : "input", row, column };
    } else if (name === "look") state.look = oneOf(["auto", "image", "signed"])(value) ?? "auto";
    else if (name === "range") state.range = oneOf(["own", "shared"])(value) ?? "own";
    else if (name === "from") state.from = origin(value);
    else if (name === "hide" || name === "lock")
      state[name] = PARTS.filter((known) => value.split(",").includes(known));
  }
  const known = steps.filter(Boolean).slice(0, MOST_STEPS);
  if (known.length) state.steps = known;
  return state;
}

/** Which kernel of a network it is, position.map.filter, and the state of the network's page. */
function origin(text) {
  const [, kernel, page] = /^(\d{1,9}\.\d{1,9}\.\d{1,9})&(.*)$/.exec(text) ?? [];
  return kernel ? { kernel, page } : null;
}

function readStep(text) {
  const [type, ...settings] = text.split(";");
  if (!Object.hasOwn(SETTINGS, type)) return undefined;
  const step = makeStep(type);
  for (const setting of settings) {
    const cut = setting.indexOf("=");
    const name = setting.slice(0, cut);
    const value = Object.hasOwn(SETTINGS[type], name) ? SETTINGS[type][name](setting.slice(cut + 1)) : undefined;
    if (value !== undefined) step[name === "kernel" ? "kernels" : name] = value;
  }
  return step;
}

function kernels(text) {
  const found = text.split("_").map((one) => one.split("/").map((row) => row.split(",").map(parseNumber)));
  const size = found[0].length;
  const square = found.every(
    (rows) => rows.length === size && rows.every((row) => row.length === size && row.every(usable)),
  );
  return square && size <= LARGEST && (found.length === 1 || found.length === 3) ? found : undefined;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
