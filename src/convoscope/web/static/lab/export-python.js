// The same in Python: a script that runs as it stands.

import { number } from "../shared/format.js";
import { LARGEST_SIDE } from "../shared/image-files.js";
import { MAP } from "../shared/network-map.js";
import { BUILT_IN } from "./built-in.js";
import { PREFIX } from "./drawing.js";

const ACTIVATE = {
  relu: "np.maximum(result, 0)",
  leaky_relu: "np.where(result > 0, result, 0.2 * result)",
  absolute: "np.abs(result)",
  tanh: "np.tanh(result)",
  sigmoid: "(1 + np.tanh(result / 2)) / 2",
};
const plain = (value) => number(value, 9).replace("−", "-");

/**
 * The script for a chain of steps on an image. `input` is the image's tensor, `from` where Python finds it: `samples`
 * are the names that come with the package, `file` is the name of any other.
 */
export function pythonCode(state, input, from) {
  const lines = ["import numpy as np"];
  const { code, pillow } = imageCode(state, input, from);
  if (pillow) lines.push("from PIL import Image");
  lines.push("", "import convoscope as cs", "", ...code, "");
  let whole = !state.image.startsWith(MAP); // whether the values are bytes in Python; the page rounds only where a step clips
  state.steps.forEach((step, i) => {
    const before = i ? "result" : "image";
    if (step.type === "pool") {
      lines.push(poolCode(step, before, whole));
      whole &&= step.mode !== "average";
    } else {
      lines.push(...filterCode(step, before, i ? null : input.shape[2], whole));
      whole = step.clip;
    }
  });
  lines.push("print(result.shape, result.min(), result.max())");
  return `${lines.join("\n")}\n`;
}

function poolCode({ mode, size, stride }, from, whole) {
  const exact = whole && mode === "average" ? ".astype(np.float32)" : "";
  const moved = stride === size ? "" : `, stride=${stride}`;
  return `result = cs.filters.pool(${from}${exact}, ${size}${moved}, mode="${mode}")`;
}

function filterCode(step, from, channels, whole) {
  const options = [];
  const add = (name, value, usual) =>
    value !== usual && options.push(`${name}=${typeof value === "number" ? plain(value) : JSON.stringify(value)}`);
  add("stride", step.stride, 1);
  options.push(`padding=${JSON.stringify(step.padding)}`);
  add("pad_mode", step.padding === "valid" ? "zeros" : step.padMode, "zeros");
  add("dilation", step.dilation, 1);
  add("weight", step.weight, 1);
  add("bias", step.bias, 0);
  const clips = step.clip && step.activation === "linear" && whole; // as the library does with bytes by itself
  if (whole && !clips) options.push("clip=False");
  if (channels !== 1) options.push(`channels=${JSON.stringify(step.channels)}`);
  add("mode", step.mode, "correlate");
  const rows = (kernel) => `[${kernel.map((row) => `[${row.map(plain).join(", ")}]`).join(", ")}]`;
  const apart = step.kernels.length > 1;
  const kernel = apart ? `np.stack([${step.kernels.map(rows).join(", ")}], axis=-1)` : rows(step.kernels[0]);
  const lines = [`kernel = ${kernel}`];
  lines.push(`result = cs.filters.convolve(${from}, kernel, ${options.join(", ")})`);
  if (step.activation !== "linear") lines.push(`result = ${ACTIVATE[step.activation]}`);
  if (step.clip && !clips) lines.push("result = np.clip(np.rint(result), 0, 255).astype(np.uint8)");
  return lines;
}

function imageCode({ image, grey }, input, { file, samples }) {
  const [height, width, channels] = input.shape;
  const map = image.startsWith(MAP);
  if (Object.hasOwn(BUILT_IN, image) || image.startsWith(PREFIX) || map) {
    const rows = Array.from(
      { length: height },
      (_, y) => `    [${[...input.data.subarray(y * width, (y + 1) * width)].join(", ")}],`,
    );
    return { pillow: false, code: ["image = np.array([", ...rows, `], dtype=np.${map ? "float32" : "uint8"})`] };
  }
  const sample = samples.includes(image);
  if (sample && !grey) return { pillow: false, code: [`image = cs.filters.samples.${image}()`] };
  const open = sample ? `Image.fromarray(cs.filters.samples.${image}())` : `Image.open(${JSON.stringify(file)})`;
  const scaled =
    !sample && Math.max(height, width) === LARGEST_SIDE
      ? [`# the page works on ${width}×${height} pixels: it scales larger images to ${LARGEST_SIDE} on the longer side`]
      : [];
  return {
    pillow: true,
    code: [...scaled, `image = np.asarray(${open}.convert("${grey || channels === 1 ? "L" : "RGB"}"))`],
  };
}
