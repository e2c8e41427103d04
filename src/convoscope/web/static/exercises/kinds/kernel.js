// Find the kernel that made this picture: one of four.

import { number } from "../../shared/format.js";
import { mapName } from "../../shared/network-map.js";
import { alike, each, filtered, imageOf, part, transposed } from "../computing.js";
import { judgeChoice } from "../judging.js";
import { kernelAddress } from "../writing.js";

const KERNELS = ["identity", "brighten", "darken", "box-blur", "sharpen-more", "emboss", "outline", "sobel-x", "sobel-y", "laplacian-8", "vertical-lines", "horizontal-lines", "diagonal-line", "diagonal-line-2", "corner"]; // prettier-ignore
const SIDE = 48;
const OPTIONS = 4;
const LEAST_VARIANCE = 500; // of the part: in an even one all filters find nothing

export const kernel = {
  name: "kernel",
  title: "Which kernel made this picture?",

  draw(chance, { photograph, kernels }) {
    const image = drawPart(chance, photograph);
    const known = chance.shuffled(KERNELS.map((name) => kernels.find((one) => one.name === name)));
    const options = [];
    for (const { kernel: rows, weight, title } of known) {
      const numbers = each(rows, (value) => value * weight);
      const made = filtered(image, numbers);
      if (options.every((other) => !alike(filtered(image, other.kernel), made))) options.push({ kernel: numbers, title });
      if (options.length === OPTIONS) break;
    }
    return { image, options, right: chance.whole(0, OPTIONS - 1) };
  },

  /** `options`: {kernel, title}; `right`: the index of that which made the picture. */
  build({ image, options, right, text, hint, explanation }) {
    const made = options.map((option) => filtered(image, option.kernel));
    const target = options[right].kernel;
    const shown = (rows) => (isSigned(rows) ? "signed" : "image");
    return {
      text: text ?? ["One of these kernels turned the first picture into the second. Which one?"],
      shows: [
        { kind: "picture", title: "Before", rows: image, look: "image" },
        { kind: "picture", title: isSigned(made[right]) ? "After: orange positive, blue negative" : "After", rows: made[right], look: shown(made[right]) },
      ],
      asks: { kind: "choice", label: "Kernel", options: options.map((option) => ({ kernel: option.kernel })) },
      judge(answer) {
        const found = judgeChoice(answer, { right, feedback: options.map((option) => whyNot(option.kernel, target)) });
        const picture = { kind: "picture", title: "What your kernel produces", rows: made[answer], look: shown(made[answer]) };
        return found.right ? found : { ...found, shows: [picture] };
      },
      hint: hint ?? cluesOf(target),
      explanation: [...(explanation ?? []), `It is “${options[right].title}”. ${cluesOf(target).join(" ")}`],
      link: labLink(image, target),
    };
  },
};

/** A part of the photograph in which something is to be seen. */
export function drawPart(chance, photograph) {
  for (;;) {
    const corner = { row: chance.whole(0, photograph.length - SIDE), column: chance.whole(0, photograph[0].length - SIDE) };
    const image = part(photograph, { ...corner, rows: SIDE, columns: SIDE });
    const values = image.flat();
    const mean = values.reduce((a, b) => a + b) / values.length;
    if (values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length > LEAST_VARIANCE) return image;
  }
}

export const isSigned = (rows) => rows.flat().some((value) => value < -0.5);

export function labLink(image, rows) {
  const look = isSigned(filtered(image, rows)) ? "signed" : "image";
  return {
    page: "lab",
    state: `image=${encodeURIComponent(mapName(imageOf(image)))}&step=convolve;kernel=${kernelAddress(rows)}&look=${look}`,
    says: "Try this kernel in the filter lab",
  };
}

/** What one sees of a kernel in the picture that it makes: sentences. */
export function cluesOf(rows) {
  const sum = rows.flat().reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) < 1e-6) return ["The kernel’s numbers add up to 1, so even areas keep their brightness."];
  if (Math.abs(sum) > 1e-6)
    return [`The kernel’s numbers add up to ${number(sum, 3)}, so even areas become ${number(sum, 3)} times as bright.`];
  const varies = (lines) => {
    const sums = lines.map((line) => line.reduce((a, b) => a + b, 0));
    return Math.max(...sums) - Math.min(...sums) > 1e-6;
  };
  const [down, across] = [varies(rows), varies(transposed(rows))];
  const clues = ["The kernel’s numbers add up to 0, so even areas become 0."];
  if (across && !down) clues.push("Its columns differ and its rows do not: it responds to vertical edges and lines.");
  if (down && !across) clues.push("Its rows differ and its columns do not: it responds to horizontal edges and lines.");
  if (!down && !across && !alike(rows, turnedRight(rows))) clues.push("It responds to lines in a diagonal direction.");
  return clues;
}

/** A kernel turned by a quarter. */
const turnedRight = (rows) => transposed(rows).map((row) => [...row].reverse());

function whyNot(rows, target) {
  if (alike(rows, transposed(target))) return "This kernel has rows and columns swapped: it finds the edges of the other direction.";
  if (alike(rows, each(target, (value) => -value))) return "This kernel has all signs reversed: positive and negative values would be swapped.";
  return `This kernel produces a different picture, which is shown below. ${cluesOf(rows).join(" ")}`;
}
