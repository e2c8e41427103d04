// What size comes out? And why 26, and not 28.

import { axis } from "../../engine/index.js";
import { mapName } from "../../shared/network-map.js";
import { imageOf } from "../computing.js";
import { judgeNumber } from "../judging.js";
import { kernelAddress } from "../writing.js";

export const size = {
  name: "size",
  title: "What size comes out?",

  draw(chance) {
    if (chance.whole(0, 3) === 0) return { layer: "Conv2D", input: 28, window: chance.pick([3, 5]), stride: 1, padding: "valid" };
    for (;;) {
      const layer = chance.pick(["Conv2D", "Conv2D", "Conv2D", "MaxPooling2D"]);
      const input = chance.pick([11, 13, 26, 28, 32, 64, 96, 112, 224]);
      const window = layer === "Conv2D" ? chance.pick([3, 3, 5, 7]) : chance.pick([2, 2, 3]);
      const stride = layer === "Conv2D" ? chance.pick([1, 1, 2, 3]) : chance.pick([2, 2, 3]);
      const padding = chance.pick(["valid", "valid", "same"]);
      if (!(padding === "same" && stride === 1)) return { layer, input, window, stride, padding };
    }
  },

  build({ layer = "Conv2D", input, window, stride = 1, padding = "valid", text, hint, explanation }) {
    const along = axis(input, window, { stride, padding });
    const what = layer === "Conv2D" ? `A convolution with a ${window}×${window} kernel` : `A max pooling of ${window}×${window}`;
    const padded = padding === "valid" ? "no padding (“valid”)" : padding === "same" ? "“same” padding" : `${padding} pixels of padding on each side`;
    return {
      text: text ?? [
        `An image has ${input} × ${input} pixels. ${what}, a stride of ${stride} and ${padded} follows.`,
        "How many pixels wide is the output?",
      ],
      shows: [{ kind: "code", text: codeOf({ layer, window, stride, padding }) }],
      asks: { kind: "number", label: "Width in pixels", whole: true },
      judge: (answer) => judgeNumber(answer, { value: along.out, mistakes: mistakesIn({ input, window, stride, padding }) }),
      hint: hint ?? [
        padding === "same" ? "With “same” padding the window may begin at every pixel; the stride decides how many of these remain." : `In one row: where can the left end of a window of ${window} pixels lie, if the window may not leave the image?`,
      ],
      explanation: [...(explanation ?? []), ...explain({ input, window, stride, padding }, along)],
      link: labLink({ layer, input, window, stride, padding }),
    };
  },
};

const LARGEST_IN_ADDRESS = 32; // pixels a side: an address has its limits

/** The lab on an image of that size, a plain ramp; null where it would not fit into an address, or pools with padding. */
function labLink({ layer, input, window, stride, padding }) {
  if (input > LARGEST_IN_ADDRESS || (layer !== "Conv2D" && padding !== "valid")) return null;
  const line = (y) => Array.from({ length: input }, (_, x) => Math.round((255 * (x + y)) / (2 * input - 2)));
  const ramp = Array.from({ length: input }, (_, y) => line(y));
  const rows = Array.from({ length: window }, () => Array(window).fill(1));
  const step =
    layer === "Conv2D"
      ? `convolve;kernel=${kernelAddress(rows)};weight=${1 / window ** 2};stride=${stride};padding=${padding}`
      : `pool;mode=max;size=${window};stride=${stride}`;
  const image = encodeURIComponent(mapName(imageOf(ramp)));
  return { page: "lab", state: `image=${image}&step=${step}`, says: "Count the positions in the filter lab" };
}

function codeOf({ layer, window, stride, padding }) {
  const strides = layer === "Conv2D" ? (stride === 1 ? "" : `, strides=${stride}`) : stride === window ? "" : `, strides=${stride}`;
  const same = padding === "same" ? ', padding="same"' : "";
  return layer === "Conv2D" ? `Conv2D(64, (${window}, ${window})${strides}${same})` : `MaxPooling2D((${window}, ${window})${strides}${same})`;
}

const outOf = (input, window, stride, padding) => axis(input, window, { stride, padding }).out;

function mistakesIn({ input, window, stride, padding }) {
  const valid = (input - window) / stride + 1;
  const found = [
    [input, padding === "valid" && stride === 1 ? "The size stays the same only with “same” padding. Here the window has to lie inside the image." : "That is the size of the input."],
    [input - window, "You are off by one. A window may begin at pixel 0 and at every pixel up to the last one where it fits: one position more than the difference."],
    [outOf(input, window, 1, padding), `You counted the stride of ${stride} as 1.`],
    [padding === "same" ? outOf(input, window, stride, "valid") : outOf(input, window, stride, "same"), padding === "same" ? "That is the size without padding. “same” pads the image." : "That is the size with “same” padding. Here nothing is padded."],
    [Math.floor((input - window) / stride), "You are off by one: the first window counts as well. Divide, round down, then add 1."],
    [Math.floor(input / stride), "You divided the size by the stride, and forgot that the window has to fit in."],
    [Math.ceil(valid), "You rounded up. A window that does not fit completely is left out, so round down."],
    [input - (window - 1) / 2, `The window loses ${(window - 1) / 2} pixels at the left, and as many at the right.`],
    [input - 2 * (window - 1), `The window of ${window} loses ${window - 1} pixels in all, ${(window - 1) / 2} at each end.`],
    [outOf(input, window, stride, padding) ** 2, "That is the number of pixels of the output. The question asks for its width."],
    [outOf(input, window, stride, padding) * 64, "The number of filters determines how many maps there are, not how wide they are."],
  ]; // prettier-ignore
  return found.filter(([wrong]) => Number.isFinite(wrong) && wrong >= 0);
}

function explain({ input, window, stride, padding }, { out, before, after }) {
  if (padding === "same") {
    return [
      { kind: "equation", lines: [`⌈${input} ÷ ${stride}⌉ = ${out}`] },
      `“same” pads the row with ${before} zeros before and ${after} after it, so that there are ${input} ÷ ${stride} windows, rounded up.`,
    ];
  }
  const around = padding === "valid" ? "" : ` + 2 × ${padding}`;
  const last = `The left end of the window can lie at pixels 0 to ${input}${around} − ${window} = ${input + before + after - window}`;
  return [
    { kind: "equation", lines: [`⌊(${input}${around} − ${window}) ÷ ${stride}⌋ + 1 = ${out}`] },
    stride === 1
      ? `${last}: ${out} positions. ${window === 3 && padding === "valid" ? `A pixel at the edge has no neighbours on one side, so a 3×3 window cannot be centred on it: that is why ${input} becomes ${out}.` : ""}`
      : `${last}; of these positions, each ${ordinal(stride)} is taken, beginning with 0: ${out}.`,
  ];
}

const ordinal = (count) => ({ 2: "second", 3: "third" })[count] ?? `${count}th`;
