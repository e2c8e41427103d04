// Which layers the overview draws: a column for each that makes something new; activations, dropout and the like stand with
// the layer that they follow, and where columns are many, blocks fold into one.

import { blockOf, inBlocks, valuesIn } from "../blocks.js";
import { columnsOf, shortcuts } from "../branches.js";

// Layers that only change the values of the layer before, one by one or map by map.
const FOLLOWING = ["Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "BatchNormalization", "LayerNormalization",
  "GroupNormalization", "UnitNormalization", "LocalResponseNormalization", "Rescaling", "Normalization"]; // prettier-ignore
const PADDING = ["ZeroPadding2D", "Cropping2D"];
const FLATTENING = ["Flatten", "Reshape"];

/**
 * The columns of a model (from opened.js), in an order in which they can be computed, the inputs first. A column is {lead,
 * shows, feeds, values, flat, inputs, block, skips}: numbers of values, `lead` being the first of them, `shows` the one whose
 * maps are drawn, `feeds` the last, which others read; `flat` is the Flatten among them or null, `inputs` are columns.
 * The main output's column is the last.
 */
export function columnsIn(model) {
  const { first, layers, main, needed } = model;
  const used = new Set([...model.inputShapes.keys(), ...needed.map((position) => position + first)]);
  const readers = new Map();
  for (const position of needed)
    for (const value of new Set(layers[position].inputs)) readers.set(value, (readers.get(value) ?? 0) + 1);
  const columns = [];
  const at = new Map(); // value -> its column
  for (const value of [...used].sort((a, b) => a - b)) {
    if (value < first && !readers.has(value)) continue;
    const before = value < first ? null : columns[at.get(layers[value - first].inputs[0])];
    const follows = before && before.feeds === layers[value - first].inputs[0] && readers.get(before.feeds) === 1;
    if (follows && follow(before, value, model)) {
      at.set(value, at.get(before.lead));
      continue;
    }
    const inputs = value < first ? [] : [...new Set(layers[value - first].inputs.map((each) => at.get(each)))];
    at.set(value, columns.length);
    columns.push({ lead: value, shows: value, feeds: value, values: [value], flat: null, inputs, block: null, skips: false });
  }
  columns.forEach((column) => (column.main = column.values.includes(main + first)));
  return columns;
}

/** Puts a layer's value into the column of the one before, if it belongs there. */
function follow(column, value, { layers, first, shapes }) {
  const { type, steps, inputs } = layers[value - first];
  if (inputs.length > 1) return false;
  const flattens = FLATTENING.includes(type);
  const quiet = steps.length === 0 || FOLLOWING.includes(type) || PADDING.includes(type) || flattens;
  if (!quiet) return false;
  if (flattens && (column.flat !== null || shapes[value].length !== 1) && shapes[value].at(-1) !== shapes[column.shows].at(-1)) return false;
  column.values.push(value);
  column.feeds = value;
  if (flattens && shapes[column.shows].length > 1 && shapes[value].length === 1) column.flat = value;
  else if (column.flat === null) column.shows = value;
  return true;
}

/** The columns as a graph that branches.js lays out. */
export function graphOf(columns) {
  const inputs = columns.filter((each) => !each.inputs.length).length;
  return { inputShapes: columns.slice(0, inputs).map(() => [1]), layers: columns.slice(inputs).map((each) => ({ inputs: each.inputs })) };
}

/**
 * The columns for `room` of them side by side: blocks that the layers' names tell of are folded if there is no room, then what
 * stands between the ends of a shortcut; and where there is no room for more than `most`, neighbouring blocks with maps of one size.
 */
export function fitting(model, room, most = room) {
  let columns = columnsIn(model);
  if (lengthOf(arranged(columns)) > room) columns = folded(columns, namedRuns(columns, model), model);
  if (lengthOf(arranged(columns)) > room) columns = folded(columns, residualRuns(columns), model);
  if (lengthOf(arranged(columns)) > most) columns = folded(columns, stages(columns, model), model);
  return columns;
}

const arranged = (columns) => columnsOf(graphOf(columns));

/** How many columns an arrangement is long. */
export const lengthOf = (items) =>
  items.reduce((sum, item) => sum + (item.branches ? Math.max(...item.branches.map(lengthOf)) : 1), 0);

/** Runs of columns, {name, columns}, that the layers' names put into one block. */
function namedRuns(columns, { layers, first }) {
  const key = (id) => (columns[id].lead < first || columns[id].main ? null : blockOf(layers[columns[id].lead - first]));
  const runs = (items) =>
    items.flatMap((item) => (item.branches ? item.branches.flatMap(runs) : item.column ? [{ name: item.block, columns: valuesIn(item.column) }] : []));
  return runs(inBlocks(arranged(columns), key));
}

/** Runs of columns between the ends of a shortcut, and branches with what joins them; of those that overlap, the short ones. */
function residualRuns(columns) {
  const items = arranged(columns);
  const ids = items.map((item) => (item.branches ? valuesIn([item]) : [item]));
  const whereIs = (id) => ids.findIndex((each) => each.includes(id));
  const spans = shortcuts(items, graphOf(columns)).map(([from, to]) => [whereIs(from) + 1, whereIs(to)]);
  items.forEach((item, i) => item.branches && i && i + 1 < items.length && spans.push([i, i + 1]));
  const taken = new Set();
  const found = [];
  for (const [from, to] of spans.sort((a, b) => a[1] - a[0] - (b[1] - b[0]))) {
    const own = ids.slice(from, to + 1).flat();
    const whole = own.every((id) => !taken.has(id) && !columns[id].main && columns[id].inputs.length);
    if (to <= from || !whole) continue;
    own.forEach((id) => taken.add(id));
    found.push(own);
  }
  return found.sort((a, b) => a[0] - b[0]).map((own, i) => ({ name: `Block ${i}`, columns: own }));
}

/** Runs of neighbouring blocks whose maps have one size. */
function stages(columns, { shapes }) {
  const size = ({ shows }) => shapes[shows].slice(0, -1).join();
  const runs = [];
  for (const item of arranged(columns)) {
    const last = runs.at(-1)?.at(-1);
    if (item.branches || !columns[item].block) runs.push([]);
    else if (last !== undefined && size(columns[last]) === size(columns[item])) runs.at(-1).push(item);
    else runs.push([item]);
  }
  return runs.filter((run) => run.length > 1).map((run) => ({ name: fromTo(...[run[0], run.at(-1)].map((id) => columns[id].block)), columns: run }));
}

/** “block2a–2b” */
function fromTo(one, other) {
  const [prefix] = /^[a-z_ ]*/i.exec(one);
  return `${one}–${prefix && other.startsWith(prefix) ? other.slice(prefix.length) : other}`;
}

/** The columns with each run as one of them. */
function folded(columns, runs, model) {
  const runOf = new Map(runs.flatMap((run) => run.columns.map((id) => [id, run])));
  const renumbered = new Map();
  const made = [];
  columns.forEach((column, id) => {
    const run = runOf.get(id);
    if (run && id !== run.columns.at(-1)) return; // its last one stands for it
    const own = run ? run.columns : [id];
    const outside = [...new Set(own.flatMap((each) => columns[each].inputs).filter((each) => !own.includes(each)))];
    own.forEach((each) => renumbered.set(each, made.length));
    made.push(run ? blockAs(run, own.map((each) => columns[each]), outside, model) : { ...column, inputs: outside });
  });
  return made.map((column) => ({ ...column, inputs: [...new Set(column.inputs.map((id) => renumbered.get(id)))] }));
}

/** A block as one column; around it leads a shortcut if its last layer reads what comes before it, or adds two branches. */
function blockAs({ name }, own, inputs, { layers, first }) {
  const last = own.at(-1);
  const adds = layers[last.lead - first].type === "Add";
  const skips = last.inputs.length > 1 && (adds || last.inputs.some((id) => inputs.includes(id)));
  return { ...last, lead: own[0].lead, values: own.flatMap(({ values }) => values), block: name, skips, inputs };
}

/** What a column is called: {title, short, name}; the titles say what it does, or are a block's name. */
export function titleOf(column, model) {
  const { layers, first } = model;
  if (column.block) return { title: column.block, short: column.block, name: column.block };
  const position = column.lead - first;
  const own = model.nameOf(position);
  if (position < 0) return { title: first > 1 ? own : "Image", short: first > 1 ? own : "Image", name: own };
  const { type, config } = layers[position];
  const title = KINDS[type] ?? type.replace(/2D$/, "").replace(/([a-z])([A-Z])/g, "$1 $2");
  const size = config.kernel_size ?? config.pool_size;
  const short = type === "Conv2D" ? `Conv ${size.join("×")}` : title.replace("pooling", "pool").replace("Convolution", "Conv").replace("Global mean", "Mean").replace("Global max", "Max");
  return { title, short, name: own };
}

const KINDS = { Conv2D: "Convolution", DepthwiseConv2D: "Depthwise", SeparableConv2D: "Separable", Conv2DTranspose: "Transposed",
  MaxPooling2D: "Max pooling", AveragePooling2D: "Avg pooling", MinPooling2D: "Min pooling", GlobalAveragePooling2D: "Global mean",
  GlobalMaxPooling2D: "Global max", UpSampling2D: "Upsampling", Concatenate: "Concat" }; // prettier-ignore
