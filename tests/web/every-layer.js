// Runs each model of a folder on the page's engine, and says in JSON what of it is not as Python has it: an empty text
// where all is. See test_every_layer.py, which writes the folder.
import { readFileSync } from "node:fs";
import { STATIC } from "./support.js";

const { Network, operationOf, readModel } = await import(new URL("engine/index.js", STATIC));
const { hasActivation, mapBefore } = await import(new URL("explorer/before-activation.js", STATIC));
const { explainUnit } = await import(new URL("explorer/explain.js", STATIC));
const { whatItDoes } = await import(new URL("explorer/layer-words.js", STATIC));
const { hasSummands, summand } = await import(new URL("explorer/summands.js", STATIC));
const { reach } = await import(new URL("explorer/reach.js", STATIC));

const asTensor = ({ shape, data }) => ({ shape, data: Float32Array.from(data) });

function compare(what, found, { shape, data }) {
  if (String(found.shape) !== String(shape)) throw new Error(`${what} has shape ${found.shape}, not ${shape}`);
  const allowed = 1e-5 * data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  data.forEach((wanted, i) => {
    if (!(Math.abs(found.data[i] - wanted) <= allowed)) {
      throw new Error(`${what}: value ${i} is ${found.data[i]}, not ${wanted}`);
    }
  });
}

/** The gradient by each input, back through the steps of the only layer. */
function gradients(network, sentBack) {
  const { steps } = network.layers[0];
  const first = steps.reduceRight(
    (gradient, step, i) => operationOf(step).backward([gradient].flat()[0], network.between[0][i], step),
    sentBack,
  );
  return [first].flat();
}

/** Whether all that has a part in a value lies in the box that the explorer draws for it. */
function checkReach(network, shapes, unit, sentBack) {
  const boxes = reach(network.model, shapes, 0, unit);
  const one = { shape: sentBack.shape, data: sentBack.data.map((value, i) => (i === unit ? 1 : 0)) };
  gradients(network, one).forEach(({ shape, data }, which) => {
    const box = boxes[which];
    if (!box || shape.length !== 3) return;
    data.forEach((slope, i) => {
      const [row, column] = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1]];
      const inside = row >= box.top && row < box.top + box.rows && column >= box.left && column < box.left + box.columns;
      if (slope && !inside) {
        throw new Error(`the reach of value ${unit}: row ${row}, column ${column} is not in ${JSON.stringify(box)}`);
      }
    });
  });
}

/** What the page says of the layer must be a sentence, with nothing in it that is no word or number. */
function checkSentence(model) {
  const sentence = whatItDoes(model, 0);
  if (!/^[A-Z][^.]*(\.\d[^.]*)*\.$/.test(sentence) || /undefined|NaN|null|\[object|,,| {2}/.test(sentence)) {
    throw new Error(`not a sentence: ${sentence}`);
  }
}

/** Whether the maps before the layer's activation are what the arithmetic of each of their values says. */
function checkBefore(layer, given, { shape }) {
  if (shape.length !== 3 || !hasActivation(layer)) return;
  const [height, width, channels] = shape;
  for (let channel = 0; channel < channels; channel++) {
    const data = Array.from({ length: height * width }, (_, place) => {
      const explained = explainUnit(layer, given, shape, place * channels + channel);
      return explained.before ?? explained.x;
    });
    compare(`map ${channel} before the activation`, mapBefore(layer, given, channel), { shape: [height, width, 1], data });
  }
}

/** Whether the maps that a convolution adds up have, at every place, what the arithmetic says that each map contributes. */
function checkSummands(layer, given, { shape }) {
  if (shape.length !== 3 || !hasSummands(layer, given)) return;
  const [height, width, channels] = shape;
  for (let channel = 0; channel < channels; channel++) {
    const parts = Array.from({ length: height * width }, (_, place) =>
      explainUnit(layer, given, shape, place * channels + channel).parts,
    );
    for (let from = 0; from < given[0].shape.at(-1); from++) {
      const data = parts.map((each) => each.find((part) => part.channel === from)?.sum ?? 0);
      compare(`what map ${from} adds to map ${channel}`, summand(layer, given, channel, from), { shape: [height, width, 1], data });
    }
  }
}

function check({ file, inputs, outputs, sentBack, slopes }) {
  const bytes = readFileSync(file);
  const model = readModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const network = new Network(model);
  const given = inputs.map(asTensor);
  const [made] = network.run(given);
  compare("the output", made, outputs);
  gradients(network, asTensor(sentBack)).forEach((slope, which) => {
    compare(`the gradient of input ${which}`, slope, slopes[which]);
  });
  const shapes = [...given, made].map(({ shape }) => shape);
  checkSentence({ ...model, shapes, first: given.length });
  made.data.forEach((value, unit) => {
    const explained = explainUnit(model.layers[0], given, made.shape, unit).value;
    if (!(Math.abs(explained - value) <= 1e-5 * Math.max(1, Math.abs(value)))) {
      throw new Error(`the arithmetic of value ${unit} gives ${explained}, not ${value}`);
    }
    checkReach(network, shapes, unit, made);
  });
  checkBefore(model.layers[0], given, made);
  checkSummands(model.layers[0], given, made);
}

const cases = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const said = cases.map((each) => {
  try {
    check(each);
    return "";
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(said));
