// A value's arithmetic in one line, to be read while the window moves on: '0.12 × 0.55 + … = 1.24'.

import { combined } from "../../engine/index.js";
import { agreeing, gives, significant } from "../../shared/agreeing.js";
import { plural } from "../../shared/format.js";
import { activationName, value } from "../words.js";

const NAMED = 2; // products
const MOST = 9; // values of a window that are all written
const SIGNS = { add: " + ", subtract: " − ", multiply: " × ", divide: " ÷ " };
const NAMES = { max: "max", min: "min", average: "mean", maximum: "max", minimum: "min" };

/** The line of what explain.js has found; `part`: the input map whose products are named. */
export function lineOf(found, part) {
  return (LINES[found.kind] ?? becomes)(found, part);
}

const LINES = { convolve: summed, convolve_transposed: summed, pool, enlarge, activate, combine, same, concatenate: same };

function summed(found, part) {
  const all = found.parts.flatMap(({ cells }) => cells.flat());
  if (!all.length) return `no input reaches here: the bias alone${ending(found)}`;
  const own = found.parts.find(({ channel }) => channel === part).cells.flat();
  return `${products(own.map((cell) => [cell.value, cell.weight]), all.length)}${found.bias ? " + bias" : ""}${ending(found)}`;
}

/** The products that count most, in the order in which they stand, of `count` in all; all of a few give what is displayed. */
function products(pairs, count) {
  const size = ([a, b]) => Math.abs(a * b);
  const strongest = [...pairs].sort((a, b) => size(b) - size(a)).slice(0, NAMED);
  const named = pairs.filter((pair) => strongest.includes(pair));
  const total = (...all) => all.reduce((sum, each, i) => sum + (i % 2 ? all[i - 1] * each : 0), 0);
  const style = count > named.length ? value : agreeing(significant(value), gives(named.flat(), total, value));
  return [...named.map(([a, b]) => `${style(a)} × ${style(b)}`), ...(count > named.length ? [`… (${count.toLocaleString("en")} products)`] : [])].join(" + ");
}

/** What a sum comes to, and what the activation makes of it. */
function ending({ activation, before, apply, value: result }) {
  if (!activation) return ` = ${value(result)}`;
  const style = apply ? agreeing(significant(value), gives([before], apply, value)) : value;
  return ` = ${style(before)}; ${activationName(activation)}: ${value(result)}`;
}

function pool(found) {
  const values = found.cells.flat().flatMap((cell) => (cell.inside ? [cell.value] : []));
  if (found.mode === "average") return mean(values, found.value);
  const style = agreeing(significant(value), (write) => values.every((each) => each === found.value || write(each) !== write(found.value)));
  return `${found.mode}${listed(values, style)} = ${style(found.value)}`;
}

function mean(values, result) {
  const average = (...all) => all.reduce((a, b) => a + b, 0) / all.length;
  if (values.length > MOST) return `mean${listed(values, value)} = ${value(result)}`;
  const style = agreeing(significant(value), gives(values, average, value));
  return `(${values.map(style).join(" + ")}) ÷ ${values.length} = ${value(result)}`;
}

const listed = (values, style) => (values.length > MOST ? ` of ${plural(values.length, "value")}` : `(${values.map(style).join(", ")})`);

/** What a pooling of a whole map has come to after the first `values` of it. */
export function lineSoFar(mode, values) {
  const made = mode === "average" ? values.reduce((a, b) => a + b, 0) / values.length : values.reduce((a, b) => (mode === "max" ? Math.max(a, b) : Math.min(a, b)));
  return `${NAMES[mode]} of the first ${plural(values.length, "value")}: ${value(made)}`;
}

function enlarge(found) {
  const cells = found.cells.flat();
  if (cells.length === 1) return same(found);
  return `${products(cells.map((cell) => [cell.value, cell.share]), cells.length)} = ${value(found.value)}`;
}

function activate(found) {
  if (!found.apply) return becomes(found);
  const style = agreeing(significant(value), gives([found.x], found.apply, value));
  return `${activationName(found.name)}: ${style(found.x)} becomes ${value(found.value)}`;
}

function combine(found) {
  const values = found.terms.map((each) => each.value);
  const style = agreeing(significant(value), gives(values, (...all) => combined(found.mode, all), value));
  if (!SIGNS[found.mode]) return `${NAMES[found.mode]}${listed(values, style)} = ${value(found.value)}`;
  return `${values.map(style).join(SIGNS[found.mode])} = ${value(found.value)}`;
}

const becomes = ({ x, value: result }) => `${value(x)} becomes ${value(result)}`;

function same({ padding, value: result }) {
  return padding ? "padding: 0" : `copied unchanged: ${value(result)}`;
}
