// Layers and numbers in words.

import { number } from "../shared/format.js";

const LAYERS = { Conv2D: "convolution", Conv2DTranspose: "transposed convolution", UpSampling2D: "upsampling",
  ReLU: "ReLU", PReLU: "PReLU",
  DepthwiseConv2D: "depthwise convolution", SeparableConv2D: "separable convolution", LeakyReLU: "leaky ReLU", ELU: "ELU" };
const ACTIVATIONS = { relu: "ReLU", leaky_relu: "leaky ReLU", elu: "ELU", gelu: "GELU", silu: "SiLU", relu6: "ReLU6",
  selu: "SELU", softplus: "softplus", softsign: "softsign", hard_sigmoid: "hard sigmoid", hard_silu: "hard SiLU",
  mish: "Mish", exponential: "exp", log_softmax: "log softmax" };

/** An activation's name for reading. */
export const activationName = (name) => ACTIVATIONS[name] ?? name;

/** What a layer is, in a few words. */
export function describe({ type, config }) {
  const parts = [LAYERS[type] ?? type.replace(/2D$/, "").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()];
  const size = config.kernel_size ?? config.pool_size;
  if (size) parts.push(`${size[0]}×${size[1]}`);
  if (config.strides && !(config.pool_size && same(config.strides, config.pool_size)) && !same(config.strides, [1, 1]))
    parts.push(`stride ${config.strides.join("×")}`);
  if (config.padding === "same") parts.push("same padding");
  if (config.dilation_rate && !same(config.dilation_rate, [1, 1])) parts.push(`dilation ${config.dilation_rate.join("×")}`);
  if (type === "UpSampling2D") parts.push(config.size.join("×"), config.interpolation);
  if (type === "Rescaling") parts.push(`× ${number(config.scale, 5)}${config.offset ? ` + ${number(config.offset, 3)}` : ""}`);
  if (config.activation && config.activation !== "linear") parts.push(activationName(config.activation));
  if (config.groups > 1) parts.push(`${config.groups} groups`);
  if (type === "Concatenate") parts.push(`axis ${config.axis}`.replace("-", "−"));
  if (/Dropout|Noise|^Random/.test(type)) parts.push("in training only");
  return heading(parts.join(", ").replace("relu", "ReLU"));
}

/** The kind of images that the page was opened with: "test images", or "training images" where there are no others. */
export const imagesOf = ({ part }) => `${part} images`;

/** Words as a title. */
export const heading = (text) => text[0].toUpperCase() + text.slice(1);

/** A shape as people write it. */
export const sizeOf = (shape) => shape.join(" × ");

/** A large count for reading: 980, 12,300, 4.65 million. */
export function amount(count) {
  if (count < 100_000) return count.toLocaleString("en");
  return count < 1e9 ? `${number(count / 1e6, count < 1e7 ? 2 : 0)} million` : `${number(count / 1e9, 2)} billion`;
}

/** A value with about three digits that say something. */
export function value(x) {
  const size = Math.abs(x);
  if (size !== 0 && size < 0.0005) return x.toExponential(0).replaceAll("-", "−");
  return number(x, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** A value in a small cell: two decimals at most. */
export function brief(x) {
  const size = Math.abs(x);
  return number(x, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** A mean squared error: four decimals, for good ones are small. */
export function squaredError(x) {
  if (x !== 0 && x < 0.0005) return x.toExponential(1).replace("-", "−");
  return x < 10 ? x.toFixed(4) : number(x, 1);
}

/** A probability: 97.3 %, and never 100 % or 0 % for what is not. */
export function percent(share, decimals = 1) {
  const least = 10 ** -decimals; // per cent
  if (100 * share > 100 - least / 2 && share < 1) return `> ${number(100 - least, decimals)} %`;
  if (100 * share < least / 2 && share > 0) return `< ${number(least, decimals)} %`;
  return `${number(100 * share, decimals)} %`;
}

const same = (a, b) => a[0] === b[0] && a[1] === b[1];
