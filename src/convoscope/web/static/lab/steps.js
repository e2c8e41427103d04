// Steps of the chain: what they are, how they read, and which steps of the engine they become.

import { tensor } from "../engine/index.js";

export const MOST_STEPS = 6;

const CONVOLVE = {
  type: "convolve",
  kernels: [
    [
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ],
  ], // one for all channels, or one for each
  weight: 1,
  bias: 0,
  stride: 1,
  padding: "valid",
  padMode: "zeros",
  dilation: 1,
  channels: "apart",
  mode: "correlate",
  activation: "linear",
  clip: false,
};
const POOL = { type: "pool", mode: "max", size: 2, stride: 2 };

/** A step of this type with its defaults, changed by `settings`. */
export function makeStep(type, settings = {}) {
  return { ...structuredClone(type === "pool" ? POOL : CONVOLVE), ...structuredClone(settings) };
}

/** The defaults that the address leaves out. */
export function defaults(type) {
  return type === "pool" ? POOL : CONVOLVE;
}

/** The kernel of one channel as it is laid on the image: turned by half a turn for a true convolution. */
export function laidKernel(step, channel) {
  const rows = step.kernels[Math.min(channel, step.kernels.length - 1)];
  return step.mode === "convolve" ? turned(rows) : rows;
}

/** A kernel turned by half a turn. */
export function turned(rows) {
  return rows.map((row) => [...row].reverse()).reverse();
}

/** How many channels come out when `channels` go in. */
export function channelsAfter(step, channels) {
  return step.type === "convolve" && step.channels === "sum" ? 1 : channels;
}

/** A short name: the preset's where the numbers are still a preset's. */
export function title(step, presets) {
  if (step.type === "pool") return `${capital(step.mode)} pool ${step.size}×${step.size}`;
  const preset = presetOf(step, presets);
  const size = `${step.kernels[0].length}×${step.kernels[0][0].length}`;
  return preset ? preset.title : `Filter ${size}`;
}

/** The preset that has just these numbers, or undefined. */
export function presetOf(step, presets) {
  if (step.kernels.length > 1) return undefined;
  const key = JSON.stringify(step.kernels[0]);
  const same = presets.filter((preset) => JSON.stringify(preset.kernel) === key);
  return same.find(({ weight, bias }) => Math.abs(weight - step.weight) < 1e-4 && bias === step.bias) ?? undefined;
}

/**
 * The engine's steps for a chain on an image of `channels`, and for each step of the chain the positions of what is
 * looked at: `apart` (each channel's result), `summed` (before activation), `raw` (before clipping), `output`.
 */
export function compile(steps, channels) {
  const program = [];
  const positions = [];
  const add = (step) => program.push(step) - 1;
  for (const step of steps) {
    const at = {};
    if (step.type === "pool") {
      at.apart =
        at.summed =
        at.raw =
        at.output =
          add({ operation: "pool", mode: step.mode, size: step.size, stride: step.stride });
    } else {
      const { stride, padding, dilation, padMode } = step;
      const sums = step.channels === "sum" && channels > 1;
      const kernel = weights(step, channels);
      const bias = sums ? null : tensor([channels], new Float32Array(channels).fill(step.bias));
      at.apart = add({ operation: "convolve_apart", kernel, bias, stride, padding, dilation, padMode });
      at.summed = sums ? add({ operation: "sum_channels", bias: step.bias }) : at.apart;
      at.raw = step.activation === "linear" ? at.summed : add({ operation: "activate", name: step.activation });
      at.output = step.clip ? add({ operation: "bytes" }) : at.raw;
    }
    positions.push(at);
    channels = channelsAfter(step, channels);
  }
  return { program, positions };
}

function weights(step, channels) {
  const laid = Array.from({ length: channels }, (_, c) => laidKernel(step, c));
  const [rows, columns] = [laid[0].length, laid[0][0].length];
  // In double precision, as Python has them: a tenth that is a little more than a tenth rounds otherwise.
  const kernel = tensor([rows, columns, channels], new Float64Array(rows * columns * channels));
  let to = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let c = 0; c < channels; c++) kernel.data[to++] = laid[c][y][x] * step.weight;
    }
  }
  return kernel;
}

export function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}
