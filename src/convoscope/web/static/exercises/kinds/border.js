// Which pixel is the first that has all its neighbours? So why a convolution without padding makes images smaller.

import { axis } from "../../engine/index.js";
import { mapName } from "../../shared/network-map.js";
import { imageOf, part } from "../computing.js";
import { judgeCell } from "../judging.js";
import { kernelAddress, placeText } from "../writing.js";

const SIDE = 7;

export const border = {
  name: "border",
  title: "Where does the window begin?",

  draw(chance, { digits }) {
    const digit = chance.pick(digits);
    const corner = { row: chance.whole(0, digit.length - SIDE), column: chance.whole(0, digit.length - SIDE) };
    const most = (window) => SIDE - window;
    const window = chance.pick([3, 3, 5]);
    const at = chance.pick([[0, 0], [0, 0], [0, most(window)], [most(window), 0], [most(window), most(window)]]); // prettier-ignore
    return { image: part(digit, { ...corner, rows: SIDE, columns: SIDE }), window, at };
  },

  /** `at`: the output pixel. */
  build({ image, window, at, text, hint, explanation }) {
    const half = (window - 1) / 2;
    const right = [at[0] + half, at[1] + half];
    const [height, width] = [image.length, image[0].length];
    const out = [axis(height, window).out, axis(width, window).out];
    const margin = half === 1 ? "a margin of 1 pixel" : `a margin of ${half} pixels`;
    return {
      text: text ?? [
        `A ${window}×${window} kernel runs over this image without padding: the window never leaves it.`,
        `On which pixel is the window centred when it computes ${placeText(at)} of the output?`,
      ],
      shows: [],
      asks: { kind: "cell", label: "Image", rows: image },
      judge: (answer) => judgeCell(answer, { right, mistakes: mistakesIn({ right, at, half, height, width }), otherwise: otherwise(answer, { half, height, width, window }) }),
      hint: hint ?? [`The pixel in the middle of the window needs ${half === 1 ? "a neighbour" : `${half} neighbours`} on every side, including diagonally.`],
      explanation: [
        ...(explanation ?? []),
        { kind: "grid", title: `The window of ${placeText(at)}`, rows: image, frame: { row: at[0], column: at[1], rows: window, columns: window } },
        `No window can be centred on ${margin}: so ${height} rows become ${out[0]}, and ${width} columns become ${out[1]}. In the same way, a 3×3 kernel turns 28×28 pixels into 26×26, and a 5×5 kernel turns them into 24×24.`,
      ],
      link: {
        page: "lab",
        state: `image=${encodeURIComponent(mapName(imageOf(image)))}&step=convolve;kernel=${kernelAddress(identity(window))}&at=${at.join(",")}`,
        says: "Move the window in the filter lab",
      },
    };
  },
};

/** The kernel of a size that leaves an image as it is. */
const identity = (size) => Array.from({ length: size }, (_, y) => Array.from({ length: size }, (__, x) => Number(y === x && 2 * x === size - 1)));

function mistakesIn({ right, at, half }) {
  return [
    [at, "That is where the value is in the output. In the image, the centre of the window lies further in, because the window needs neighbours on all sides."],
    [[right[1], right[0]], "You swapped row and column: the row comes first, counted downwards."],
    ...(half > 1 ? [[[at[0] + 1, at[1] + 1], "That would be right for a 3×3 kernel. A larger window needs more neighbours."]] : []),
  ]; // prettier-ignore
}

function otherwise([row, column], { half, height, width, window }) {
  const missing = [
    [row < half, "above it"],
    [row >= height - half, "below it"],
    [column < half, "to its left"],
    [column >= width - half, "to its right"],
  ].filter(([lacks]) => lacks).map(([, where]) => where); // prettier-ignore
  if (missing.length) return `That pixel does not have enough neighbours ${missing.join(" and ")} for a ${window}×${window} window.`;
  return "A window fits around that pixel, but that window computes a different value of the output.";
}
