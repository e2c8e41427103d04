// What will this pixel be? One value of a convolution, from nine pixels of a real image.

import { number } from "../../shared/format.js";
import { mapName } from "../../shared/network-map.js";
import { filtered, imageOf, part, transposed, turned } from "../computing.js";
import { judgeNumber } from "../judging.js";
import { kernelAddress, sign, times } from "../writing.js";

const KERNELS = ["sharpen", "outline", "sobel-x", "sobel-y", "prewitt-x", "prewitt-y", "laplacian", "vertical-lines", "horizontal-lines", "diagonal-line", "emboss"]; // prettier-ignore
const SIDE = 5;
const LEAST_PIXELS = 5; // of the nine are not 0: else there is nothing to compute

export const pixel = {
  name: "pixel",
  title: "What will this pixel be?",

  draw(chance, { digits, kernels }) {
    const wanted = chance.pick(KERNELS);
    const kernel = kernels.find(({ name }) => name === wanted);
    const bias = chance.pick([0, 0, -8, -5, 3, 10]);
    for (;;) {
      const digit = chance.pick(digits);
      const corner = { row: chance.whole(0, digit.length - SIDE), column: chance.whole(0, digit.length - SIDE) };
      const image = part(digit, { ...corner, rows: SIDE, columns: SIDE });
      const at = [chance.whole(0, SIDE - 3), chance.whole(0, SIDE - 3)];
      const beneath = part(image, { row: at[0], column: at[1], rows: 3, columns: 3 });
      if (beneath.flat().filter((value) => value !== 0).length >= LEAST_PIXELS)
        return { image, kernel: kernel.kernel, title: kernel.title, bias, at };
    }
  },

  /** `at`: the output pixel, [row, column]; the output is without padding. */
  build({ image, kernel, title = "The filter", bias = 0, at, text, hint, explanation }) {
    const [size, width] = [kernel.length, kernel[0].length];
    const window = { row: at[0], column: at[1], rows: size, columns: width };
    const beneath = part(image, window);
    const value = valueAt(image, kernel, bias, at);
    return {
      text: text ?? [
        `The filter lies on the framed pixels. What value does it produce there${bias ? ", with its bias" : ""}?`,
      ],
      shows: [
        { kind: "grid", title: "Part of an image", rows: image, frame: window },
        { kind: "grid", title: `Kernel: ${title}`, rows: kernel, signed: true },
        ...(bias ? [{ kind: "value", title: "Bias", value: bias }] : []),
      ],
      asks: { kind: "number", label: "Value" },
      judge: (answer) => judgeNumber(answer, { value, tolerance: toleranceOf(value), mistakes: mistakesIn(image, kernel, bias, at) }),
      hint: hint ?? [
        `Multiply each framed pixel by the number at the same position in the kernel, and add up the ${size * width} products${bias ? "; then add the bias" : ""}.`,
      ],
      explanation: [
        ...(explanation ?? []),
        { kind: "equation", lines: linesOf(beneath, kernel, bias, value) },
        "Networks do not rotate the kernel before they apply it: what they call a convolution is a correlation.",
      ],
      link: {
        page: "lab",
        state: `image=${encodeURIComponent(mapName(imageOf(image)))}&step=convolve;kernel=${kernelAddress(kernel)};bias=${bias}&at=${at.join(",")}&look=signed`,
        says: "See every product in the filter lab",
      },
    };
  },
};

const valueAt = (image, kernel, bias, [row, column]) => filtered(image, kernel, { bias })[row]?.[column];
const toleranceOf = (value) => (Number.isInteger(value) ? 0 : 0.005 * Math.max(1, Math.abs(value)));

function mistakesIn(image, kernel, bias, at) {
  const value = (grid, offset = bias) => valueAt(image, grid, offset, at);
  const all = filtered(image, kernel, { bias });
  const besides = [[0, 1], [0, -1], [1, 0], [-1, 0]].map(([rows, columns]) => all[at[0] + rows]?.[at[1] + columns]);
  const middle = kernel.map((row, y) => row.map((one, x) => (y === kernel.length >> 1 && x === row.length >> 1 ? one : 0)));
  const unsigned = kernel.map((row) => row.map(Math.abs));
  const count = kernel.flat().length;
  const found = [
    ...(bias ? [[value(kernel, 0), "You left out the bias. It is added to the sum of the products."], [value(kernel, -bias), "You subtracted the bias. It is added, with its sign."]] : []),
    [value(turned(kernel)), "You rotated the kernel by 180°, as a convolution in mathematics does. Neural networks apply it as it is, which is a correlation."],
    [value(transposed(kernel)), "You swapped the kernel's rows and columns."],
    [value(middle), "That is only the product at the centre. All pixels of the window count."],
    [value(unsigned), "You dropped the minus signs of the kernel."],
    [(value(kernel, 0) / count) + bias, "You divided by the number of pixels. A convolution only adds up; a blur has the division in its kernel."],
    [Math.max(0, value(kernel)), "You set a negative value to 0. ReLU does that, but only after the convolution; here the value stays negative."],
    ...besides.filter((one) => one !== undefined).map((one) => [one, "That is the value next to it: your window was one pixel off."]),
  ]; // prettier-ignore
  return found.filter(([wrong]) => wrong !== undefined);
}

/** The sum as it is computed: a line for each row of the kernel, then all of them. */
function linesOf(beneath, kernel, bias, value) {
  const sums = beneath.map((row, y) => row.reduce((sum, pixel, x) => sum + pixel * kernel[y][x], 0));
  const rows = beneath.map((row, y) => {
    const products = row.map((pixel, x) => times(pixel, kernel[y][x])).join(" + ");
    return `Row ${y}:  ${products} = ${number(sums[y], 4)}`;
  });
  const total = sums.map((sum, y) => (y ? sign(sum) : number(sum, 4))).join(" ");
  return [...rows, `Sum:  ${total}${bias ? ` ${sign(bias)} (bias)` : ""} = ${number(value, 4)}`];
}
