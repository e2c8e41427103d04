// How many parameters does a layer have?

import { axis } from "../../engine/index.js";
import { judgeNumber } from "../judging.js";

const counted = (value) => value.toLocaleString("en");

export const parameters = {
  name: "parameters",
  title: "How many parameters?",

  draw(chance) {
    if (chance.whole(0, 2) === 0) {
      const input = chance.pick([64, 128, 400, 784, 1600, 5408]);
      return { layer: "Dense", input, units: chance.pick([10, 32, 64, 128]) };
    }
    const [side, channels] = chance.pick([[28, 1], [32, 3], [13, 64], [13, 32], [14, 16], [64, 3]]); // prettier-ignore
    return { layer: "Conv2D", side, channels, window: chance.pick([3, 3, 5, 1]), filters: chance.pick([8, 16, 32, 64]) };
  },

  build(settings) {
    const { layer, text, hint, explanation } = settings;
    const is = layer === "Dense" ? dense(settings) : convolution(settings);
    return {
      text: text ?? [is.text, "How many parameters does it have?"],
      shows: [{ kind: "code", text: is.code }],
      asks: { kind: "number", label: "Parameters", whole: true },
      judge: (answer) => judgeNumber(answer, { value: is.value, mistakes: is.mistakes }),
      hint: hint ?? [is.hint],
      explanation: [...(explanation ?? []), { kind: "equation", lines: is.lines }, is.why],
      link: { page: "explorer", state: "", says: "See the parameters of a trained network" },
    };
  },
};

function convolution({ side, channels, window, filters }) {
  const area = window * window;
  const value = (area * channels + 1) * filters;
  const positions = axis(side, window).out ** 2;
  const plane = channels === 1 ? "one channel" : `${channels} channels`;
  return {
    value,
    text: `A convolution with ${filters} filters of ${window}×${window} takes an input of ${side}×${side} pixels with ${plane}.`,
    code: `Conv2D(${filters}, (${window}, ${window}))     # input: (${side}, ${side}, ${channels})`,
    mistakes: [
      [area * channels * filters, "You left out the biases. Every filter has one."],
      [area * channels * filters + 1, "You counted one bias for the whole layer. Every filter has one of its own."],
      [(area + 1) * filters, `A filter has a kernel for each of the ${channels} channels of its input, not just one.`],
      [area * filters, `A filter has a kernel for each of the ${channels} channels of its input, and a bias.`],
      [(area + 1) * channels * filters, "A filter has one bias, however many channels its input has."],
      [area * channels + 1, `That is one filter. The layer has ${filters} of them.`],
      [value * positions, "You counted the numbers again at each position. A filter uses the same numbers everywhere: that is what makes it a convolution."],
      [(window * channels + 1) * filters, `A kernel of ${window}×${window} has ${area} numbers.`],
      [positions * filters, "That is the number of output values."],
    ],
    hint: "Count one filter first: a kernel for each channel of the input, and a bias. Then multiply by the number of filters.",
    lines: [`(${window} × ${window} × ${channels} + 1) × ${filters} = ${counted(value)}`],
    why: `Each filter has ${channels === 1 ? "a kernel" : `${channels} kernels`} of ${window}×${window} and a bias. The size of the image does not matter, because the same filter is used at every position.`,
  };
}

function dense({ input, units }) {
  const value = (input + 1) * units;
  return {
    value,
    text: `A dense layer with ${units} units takes ${counted(input)} values.`,
    code: `Dense(${units})     # input: (${input},)`,
    mistakes: [
      [input * units, "You left out the biases. Every unit has one."],
      [input * units + 1, "You counted one bias for the whole layer. Every unit has one of its own."],
      [input * (units + 1), "You counted a bias for each input. Every unit has one."],
      [input + units, "Every unit has a weight for every input, so the two numbers are multiplied."],
      [input + 1, `That is one unit. The layer has ${units} of them.`],
    ],
    hint: "Count one unit first: a weight for each input, and a bias. Then multiply by the number of units.",
    lines: [`(${counted(input)} + 1) × ${units} = ${counted(value)}`],
    why: `In a dense layer every unit is connected to each of the ${counted(input)} inputs, and each connection has a weight. That is why dense layers often have most of a network's parameters.`,
  };
}
