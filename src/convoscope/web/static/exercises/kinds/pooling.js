// Which value survives the pooling?

import { number } from "../../shared/format.js";
import { mapName } from "../../shared/network-map.js";
import { imageOf, part, pooled } from "../computing.js";
import { judgeCell, judgeNumber } from "../judging.js";
import { placeText } from "../writing.js";

const SIDE = 6;

export const pooling = {
  name: "pooling",
  title: "Which value survives the pooling?",

  draw(chance, { digits }) {
    for (;;) {
      const digit = chance.pick(digits);
      const corner = { row: chance.whole(0, digit.length - SIDE), column: chance.whole(0, digit.length - SIDE) };
      const image = part(digit, { ...corner, rows: SIDE, columns: SIDE });
      const size = chance.pick([2, 2, 3]);
      const mode = chance.pick(["max", "max", "average"]);
      const most = SIDE / size - 1;
      const at = [chance.whole(0, most), chance.whole(0, most)];
      const values = part(image, windowOf(at, size, size)).flat();
      const top = Math.max(...values);
      if ((at[0] || at[1]) && new Set(values).size > 2 && values.filter((value) => value === top).length === 1)
        return { image, mode, size, stride: size, at };
    }
  },

  build({ image, mode = "max", size = 2, stride = size, at, text, hint, explanation }) {
    const { rows, winners } = pooled(image, mode, { size, stride });
    const value = rows[at[0]][at[1]];
    const window = windowOf(at, size, stride);
    const chosen = winners?.[at[0]][at[1]];
    const name = { max: "Max", average: "Average", min: "Min" }[mode];
    const does = { max: "keeps the largest value of each window", average: "keeps the mean of each window", min: "keeps the smallest value of each window" }[mode]; // prettier-ignore
    return {
      text: text ?? [
        `${name} pooling ${size}×${size} with a stride of ${stride} ${does}.`,
        winners ? `Choose the pixel that ends up in ${placeText(at)} of the output.` : `What is the value in ${placeText(at)} of the output?`,
      ],
      shows: winners ? [] : [{ kind: "grid", title: "Part of an image", rows: image }],
      asks: winners ? { kind: "cell", label: "Part of an image", rows: image } : { kind: "number", label: "Value" },
      judge: (answer) => (winners ? judgeWinner(answer, { image, chosen, window, size, stride, at, mode }) : judgeMean(answer, { image, value, window, size, at })),
      hint: hint ?? [
        `The windows lie side by side. The window for row r and column c of the output begins at row ${stride} × r and column ${stride} × c of the image; indices count from 0.`,
      ],
      explanation: [
        ...(explanation ?? []),
        { kind: "grid", title: `The window of ${placeText(at)}`, rows: image, frame: window },
        { kind: "grid", title: "The output", rows, frame: { row: at[0], column: at[1], rows: 1, columns: 1 } },
        mode === "average" ? `The mean of the ${size * size} framed values is ${number(value, 4)}.` : `The ${mode === "max" ? "largest" : "smallest"} of the ${size * size} framed values is ${number(value, 4)}.`,
      ],
      link: {
        page: "lab",
        state: `image=${encodeURIComponent(mapName(imageOf(image)))}&step=pool;mode=${mode};size=${size};stride=${stride}&at=${at.join(",")}&look=signed`,
        says: "See the pooling in the filter lab",
      },
    };
  },
};

const windowOf = ([row, column], size, stride) => ({ row: row * stride, column: column * stride, rows: size, columns: size });
const isIn = ([row, column], window) => row >= window.row && row < window.row + window.rows && column >= window.column && column < window.column + window.columns; // prettier-ignore

/** Where the largest (or smallest) value of a part is. */
function extreme(image, window, mode) {
  let best = null;
  image.forEach((row, y) => row.forEach((value, x) => {
    if (!isIn([y, x], window)) return;
    if (!best || (mode === "max" ? value > image[best[0]][best[1]] : value < image[best[0]][best[1]])) best = [y, x];
  })); // prettier-ignore
  return best;
}

function judgeWinner(answer, { image, chosen, window, size, stride, at, mode }) {
  const whole = { row: 0, column: 0, rows: image.length, columns: image[0].length };
  const [wanted, other] = mode === "max" ? ["largest", "min"] : ["smallest", "max"];
  const sliding = { ...window, row: at[0], column: at[1] };
  const mistakes = [
    [extreme(image, window, other), `You are in the right window, but this pooling keeps its ${wanted} value.`],
    [extreme(image, windowOf([at[1], at[0]], size, stride), mode), "You swapped row and column: the row comes first, counted downwards."],
    [extreme(image, windowOf([at[0] - 1, at[1] - 1], size, stride), mode), "You counted rows and columns from 1. Here they are counted from 0."],
    [extreme(image, sliding, mode), `You moved the window one pixel at a time. With a stride of ${stride} it moves by ${stride}.`],
    [extreme(image, whole, mode), `That is the ${wanted} value of the whole image. Each window keeps its own.`],
  ];
  const inside = isIn(answer, window);
  const equal = image[answer[0]][answer[1]] === image[chosen[0]][chosen[1]];
  if (inside && equal) return { right: true, says: "" };
  const otherwise = inside ? `That is the right window, but not its ${wanted} value.` : "That pixel lies in another window.";
  return judgeCell(answer, { right: chosen, mistakes, otherwise });
}

function judgeMean(answer, { image, value, window, size, at }) {
  const values = part(image, window).flat();
  const sum = values.reduce((a, b) => a + b, 0);
  const elsewhere = pooled(image, "average", { size, stride: size }).rows;
  const mistakes = [
    [sum, `That is the sum. Divide it by ${size * size}.`],
    [Math.max(...values), "That is the largest value: max pooling would keep it."],
    [elsewhere[at[1]]?.[at[0]], "You swapped row and column: the row comes first, counted downwards."],
    [elsewhere[at[0] - 1]?.[at[1] - 1], "You counted rows and columns from 1. Here they are counted from 0."],
    [pooled(image, "average", { size, stride: 1 }).rows[at[0]][at[1]], "You moved the window one pixel at a time."],
    [sum / size, `You divided by ${size}. The window has ${size} × ${size} values.`],
  ].filter(([wrong]) => wrong !== undefined);
  return judgeNumber(answer, { value, tolerance: 0.006, mistakes });
}
