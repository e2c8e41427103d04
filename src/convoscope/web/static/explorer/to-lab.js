// The way to the filter lab: one kernel and the map that it is laid on, as the lab's address has them.

import { LARGEST_MAP, mapName } from "../shared/network-map.js";
import { channelOf } from "../shared/scale.js";

const MOST = { kernel: 7, stride: 8, dilation: 4 }; // that the lab takes

/**
 * Where the lab shows the kernel that a convolution lays on its input map `part` for the value at {row, column, channel}:
 * {address}, or {reason} where it cannot. `input`: what the layer takes; `page`: the state of this page, to come back to.
 */
export function toLab({ layer, input, position, part, at: { row, column, channel: filter }, page }) {
  const { kernel, bias, stride, padding, dilation } = layer.steps[0];
  const [height, width, channels, filters] = kernel.shape;
  const even = ([one, other]) => one === other;
  if (height !== width || height > MOST.kernel)
    return { reason: `The filter lab takes square kernels of up to ${MOST.kernel}×${MOST.kernel}.` };
  if (!even(stride) || !even(dilation) || stride[0] > MOST.stride || dilation[0] > MOST.dilation)
    return { reason: "The filter lab takes the same stride and dilation for rows and columns." };
  const map = channelOf(input, part);
  if (map.data.length > LARGEST_MAP) return { reason: "The map is too large to pass on in an address." };
  const number = (y, x) => kernel.data[((y * width + x) * channels + part) * filters + filter];
  const rows = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (__, x) => six(number(y, x))).join(","));
  const step = ["convolve", `kernel=${rows.join("/")}`, `stride=${stride[0]}`, `padding=${padding}`, `dilation=${dilation[0]}`];
  if (bias) step.push(`bias=${six(bias.data[filter])}`);
  const parts = {
    image: mapName(map),
    step: step.join(";"),
    at: `${row},${column}`,
    look: "signed",
    from: `${position}.${part}.${filter}&${page}`,
  };
  return { address: `lab/#${Object.entries(parts).map(([name, told]) => `${name}=${encodeURIComponent(told)}`).join("&")}` }; // prettier-ignore
}

const six = (value) => String(Number(value.toPrecision(6)));
