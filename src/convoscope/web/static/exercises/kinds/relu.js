// What comes out of the bias and ReLU?

import { mapName } from "../../shared/network-map.js";
import { activated, each, filtered, imageOf, part } from "../computing.js";
import { judgeGrid } from "../judging.js";
import { sign } from "../writing.js";

const KERNELS = ["sobel-x", "sobel-y", "prewitt-x", "prewitt-y", "laplacian", "vertical-lines", "horizontal-lines"];
const [ROWS, COLUMNS] = [2, 3];

export const relu = {
  name: "relu",
  title: "What comes out of ReLU?",

  draw(chance, { digits, kernels }) {
    for (;;) {
      const name = chance.pick(KERNELS);
      const digit = chance.pick(digits);
      const made = filtered(digit, kernels.find((one) => one.name === name).kernel);
      const corner = { row: chance.whole(0, made.length - ROWS), column: chance.whole(0, made[0].length - COLUMNS) };
      const values = part(made, { ...corner, rows: ROWS, columns: COLUMNS });
      const bias = chance.pick([-6, -3, 4, 7]);
      const negative = values.flat().filter((value) => value + bias < 0).length;
      const turning = values.flat().some((value) => value < 0 !== value + bias < 0);
      if (negative >= 2 && negative <= 4 && turning) return { values, bias };
    }
  },

  build({ values, bias = 0, text, hint, explanation }) {
    const shifted = each(values, (value) => value + bias);
    const value = activated(shifted, "relu");
    const mistakes = [
      [activated(values, "relu"), "You left out the bias. It is added before ReLU."],
      [each(activated(values, "relu"), (one) => one + bias), "You added the bias after ReLU. It belongs to the convolution, which comes before ReLU."],
      [each(shifted, Math.abs), "You dropped the minus signs. ReLU sets negative values to 0."],
      [shifted, "You added the bias, but ReLU is missing: negative values become 0."],
      [each(shifted, (one) => Math.min(0, one)), "You kept the negative values. ReLU keeps the positive ones, and sets the others to 0."],
      [each(values, (one) => Math.max(0, one - bias)), "You subtracted the bias. It is added, with its sign."],
    ];
    return {
      text: text ?? [`A filter produces these values. Its bias, ${String(bias).replace("-", "−")}, is added, and ReLU follows. What comes out?`],
      shows: [{ kind: "grid", title: "Sums of products", rows: values, signed: true }, { kind: "value", title: "Bias", value: bias }],
      asks: { kind: "cells", label: "After bias and ReLU", rows: values.length, columns: values[0].length },
      judge: (answer) => judgeGrid(answer, { value, mistakes }),
      hint: hint ?? ["First add the bias to each value. Then ReLU, max(0, x), sets every negative value to 0 and leaves the others as they are."],
      explanation: [
        ...(explanation ?? []),
        { kind: "grid", title: `With the bias: ${sign(bias)}`, rows: shifted, signed: true },
        { kind: "grid", title: "After ReLU", rows: value, signed: true },
        "With a bias below 0, a pattern has to be strong before the filter responds; with a bias above 0, the filter responds even where there is nothing.",
      ],
      link: {
        page: "lab",
        state: `image=${encodeURIComponent(mapName(imageOf(values)))}&step=convolve;kernel=1;bias=${bias};activation=relu&look=signed`,
        says: "See it in the filter lab",
      },
    };
  },
};
