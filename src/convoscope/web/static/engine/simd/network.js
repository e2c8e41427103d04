// A trained model that runs quickly and keeps little: what a camera's pictures need. `Network` beside it keeps everything.

import { windows } from "../geometry.js";
import { operationOf } from "../operations.js";
import { count, tensor } from "../tensor.js";
import { fused } from "./fusing.js";
import { DEPTHWISE, WIDE, instantiate } from "./kernels.js";
import { createRoom } from "./room.js";

const FLOAT = 4; // bytes
const PAGE = 65536; // bytes of WebAssembly's memory
const SCRATCH = 1 << 20; // bytes of windows that are written out for one product
const KERNELS = 1 << 17; // bytes of a kernel that are gone through for six rows: what a cache near the core holds

/**
 * A model made ready; null where the browser has no vectors. `kept`: the numbers of the values that are to be read after a
 * run, beside the model's outputs.
 */
export function createFastNetwork(model, kept = []) {
  const { operations, wanted } = fused(model, [...kept, ...model.outputs]);
  const shapes = new Map(model.inputShapes.map((shape, value) => [value, shape]));
  const room = createRoom(0);
  const plans = operations.map((operation) => {
    const plan = planOf(operation, operation.from.map((value) => shapes.get(value)));
    shapes.set(operation.to, plan.shape);
    return { ...plan, ...operation, weights: plan.weights.map((each) => ({ data: each, at: room.take(FLOAT * each.length) })) };
  });
  const scratch = room.take(Math.max(0, ...plans.map((plan) => plan.scratch)));
  const places = placed(plans, wanted, shapes, room);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(room.top() / PAGE) });
  const kernels = instantiate(memory);
  if (!kernels) return null;
  const floats = new Float32Array(memory.buffer);
  for (const { weights } of plans) for (const { data, at } of weights) floats.set(data, at / FLOAT);
  const view = (value) => {
    const from = places.get(value) / FLOAT;
    return tensor(shapes.get(value), floats.subarray(from, from + count(shapes.get(value))));
  };
  const given = [...kept, ...model.outputs];
  return {
    /** The values in `kept` and the outputs, as tensors that the next run overwrites. */
    run(inputs) {
      inputs.forEach(({ data }, value) => places.has(value) && view(value).data.set(data));
      for (const plan of plans) plan.run({ kernels, floats, plan, scratch, view, places });
      return given.map((_, i) => view(wanted[i]));
    },
  };
}

/** Where each value lies, so that those that are needed at the same time lie apart. */
function placed(plans, wanted, shapes, room) {
  const last = new Map(wanted.map((value) => [value, Infinity]));
  plans.forEach(({ from }, index) => from.forEach((value) => last.set(value, Math.max(last.get(value) ?? 0, index))));
  const places = new Map();
  const make = (value) => places.set(value, room.take(FLOAT * count(shapes.get(value))));
  [...last.keys()].filter((value) => !plans.some(({ to }) => to === value)).forEach(make); // the inputs
  plans.forEach(({ from, to }, index) => {
    make(to);
    for (const value of new Set([...from, to])) if ((last.get(value) ?? index) <= index) room.free(places.get(value));
  });
  return places;
}

/** How an operation is computed: {run, shape, weights: [arrays], scratch: bytes}. */
function planOf(operation, shapes) {
  const { step } = operation;
  if (step.operation === "convolve" && step.padMode === undefined) {
    const channels = shapes[0][2];
    const [height, width, takes, filters] = step.kernel.shape;
    const at = windows(shapes[0], height, width, step);
    const shape = [at.rows.out, at.columns.out, filters];
    const bias = step.bias?.data ?? new Float32Array(filters);
    const plain = at.rows.dilation === 1 && at.columns.dilation === 1;
    if (takes === channels && filters % WIDE === 0) return convolution(step, at, shape, bias, channels);
    const apart = takes === 1 && filters === channels && channels % 4 === 0;
    if (apart && height === width && DEPTHWISE.includes(height) && plain) return channelwise(step, at, shape, bias);
  }
  return anyOperation(step, shapes);
}

function convolution({ kernel }, { rows, columns }, shape, bias, channels) {
  const [height, width] = kernel.shape;
  const inner = height * width * channels;
  const filters = shape[2];
  const panels = filters / WIDE;
  const packed = new Float32Array(inner * filters);
  for (let panel = 0, to = 0; panel < panels; panel++)
    for (let from = panel * WIDE; from < kernel.data.length; from += filters, to += WIDE)
      for (let f = 0; f < WIDE; f++) packed[to + f] = kernel.data[from + f];
  const simple = height === 1 && width === 1 && rows.stride === 1 && columns.stride === 1 && !rows.before && !rows.after && !columns.before && !columns.after; // prettier-ignore
  const lines = simple ? shape[0] : Math.max(1, Math.min(shape[0], Math.floor(SCRATCH / (FLOAT * inner * shape[1]))));
  const together = Math.max(1, Math.min(panels, Math.floor(KERNELS / (FLOAT * inner * WIDE))));
  const run = ({ kernels, floats, plan, scratch, places }) => {
    const [input, output] = [places.get(plan.from[0]), places.get(plan.to)];
    const [weights, biases] = plan.weights.map(({ at }) => at);
    const stride = FLOAT * filters;
    for (let y = 0; y < shape[0]; y += lines) {
      const some = Math.min(lines, shape[0] - y);
      if (!simple) writeWindows(floats, input / FLOAT, scratch / FLOAT, rows, columns, channels, y, some);
      const from = simple ? input : scratch;
      for (let panel = 0; panel < panels; panel += together) {
        const first = panel * WIDE * FLOAT;
        kernels.product(from, weights + first * inner, biases + first, output + y * shape[1] * stride + first, some * shape[1], inner, Math.min(together, panels - panel), stride, plan.low, plan.high); // prettier-ignore
      }
    }
  };
  return { run, shape, weights: [packed, bias], scratch: simple ? 0 : FLOAT * inner * shape[1] * lines };
}

/** Each window of some rows of the output as a row of numbers, zeros outside of the image. */
function writeWindows(floats, input, scratch, rows, columns, channels, first, some) {
  const line = columns.size * channels;
  let to = scratch;
  for (let y = first; y < first + some; y++) {
    for (let x = 0; x < columns.out; x++) {
      for (let ky = 0; ky < rows.kernel; ky++) {
        const row = y * rows.stride + ky * rows.dilation - rows.before;
        for (let kx = 0; kx < columns.kernel; kx++) {
          const column = x * columns.stride + kx * columns.dilation - columns.before;
          const inside = row >= 0 && row < rows.size && column >= 0 && column < columns.size;
          const from = input + row * line + column * channels;
          for (let c = 0; c < channels; c++) floats[to++] = inside ? floats[from + c] : 0;
        }
      }
    }
  }
}

function channelwise({ kernel }, { rows, columns }, shape, bias) {
  const [size, , , channels] = kernel.shape;
  const taps = size * size;
  const packed = new Float32Array(taps * channels);
  for (let tap = 0; tap < taps; tap++)
    for (let c = 0; c < channels; c++) packed[(Math.floor(c / 4) * taps + tap) * 4 + (c % 4)] = kernel.data[tap * channels + c];
  const [height, width] = [rows.before + rows.size + rows.after, columns.before + columns.size + columns.after];
  const line = width * channels;
  const run = ({ kernels, floats, plan, scratch, places }) => {
    const input = places.get(plan.from[0]) / FLOAT;
    const to = scratch / FLOAT;
    floats.fill(0, to, to + height * line);
    for (let y = 0; y < rows.size; y++) {
      const from = input + y * columns.size * channels;
      floats.copyWithin(to + (y + rows.before) * line + columns.before * channels, from, from + columns.size * channels);
    }
    const [weights, biases] = plan.weights.map(({ at }) => at);
    const call = kernels[`depthwise${size}`];
    for (let y = 0; y < shape[0]; y++) {
      const output = places.get(plan.to) + FLOAT * y * shape[1] * channels;
      call(scratch + FLOAT * y * rows.stride * line, weights, biases, output, shape[1], channels / 4, FLOAT * columns.stride * channels, FLOAT * line, plan.low, plan.high); // prettier-ignore
    }
  };
  return { run, shape, weights: [packed, bias], scratch: FLOAT * height * line };
}

/** Whatever else there is, as the engine computes it everywhere. */
function anyOperation(step, shapes) {
  const operation = operationOf(step);
  const forward = (inputs) => [operation.forward(operation.joins ? inputs : inputs[0], step)].flat()[0];
  const run = ({ plan, view }) => {
    const found = forward(plan.from.map(view)).data;
    const target = view(plan.to).data;
    const { low, high } = plan;
    if (low === -Infinity && high === Infinity) target.set(found);
    else found.forEach((value, i) => (target[i] = Math.min(high, Math.max(low, value))));
  };
  return { run, shape: forward(shapes.map((shape) => tensor(shape))).shape, weights: [], scratch: 0 };
}
