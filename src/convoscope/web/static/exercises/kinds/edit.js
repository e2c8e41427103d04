// Find the numbers: edit a 3×3 until its picture is the same.

import { each, alike, filtered, transposed, turned } from "../computing.js";
import { cluesOf, drawPart, isSigned, labLink } from "./kernel.js";

const KERNELS = ["brighten", "shift", "lesson-above", "sharpen", "sobel-x", "sobel-y", "prewitt-x", "prewitt-y", "vertical-lines", "horizontal-lines", "laplacian", "outline"]; // prettier-ignore
const IDENTITY = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]; // prettier-ignore

export const edit = {
  name: "edit",
  title: "Find the nine numbers",

  draw(chance, { photograph, kernels }) {
    const name = chance.pick(KERNELS);
    return { image: drawPart(chance, photograph), kernel: kernels.find((one) => one.name === name).kernel };
  },

  build({ image, kernel, text, hint, explanation }) {
    const target = filtered(image, kernel);
    const look = isSigned(target) ? "signed" : "image";
    return {
      text: text ?? [
        "Change the kernel until your picture is the same as the target. It starts as the identity, which leaves the image as it is.",
      ],
      shows: [
        { kind: "picture", title: "Image", rows: image, look: "image" },
        { kind: "picture", title: `Target${look === "signed" ? ": orange positive, blue negative" : ""}`, rows: target, look },
      ],
      asks: { kind: "kernel", label: "Your kernel", start: startOf(kernel), image, target, look },
      judge: (answer) => judgeKernel(answer, kernel, image, target),
      hint: hint ?? hintsOf(kernel),
      explanation: [
        ...(explanation ?? []),
        { kind: "grid", title: "The kernel", rows: kernel, signed: true },
        cluesOf(kernel).join(" "),
      ],
      link: labLink(image, kernel),
    };
  },
};

/** The identity, in the size of the kernel that is looked for. */
function startOf(kernel) {
  if (kernel.length === 3 && kernel[0].length === 3) return IDENTITY;
  return kernel.map((row, y) => row.map((_, x) => (y === kernel.length >> 1 && x === row.length >> 1 ? 1 : 0)));
}

/** How many pixels of the two pictures differ. */
export function differing(one, other) {
  const [found, wanted] = [one.flat(), other.flat()];
  const size = Math.max(1, ...wanted.map(Math.abs));
  return found.filter((value, i) => Math.abs(value - wanted[i]) > 1e-5 * size).length;
}

function judgeKernel(answer, kernel, image, target) {
  const found = filtered(image, answer);
  if (alike(found, target)) return { right: true, says: "" };
  const factor = factorBetween(answer, kernel);
  const mistakes = [
    [transposed(kernel), "Rows and columns are swapped: your kernel finds the edges of the other direction."],
    [turned(kernel), "Your kernel is rotated by 180°. Networks apply a kernel as it is, without rotating it."],
    [each(kernel, (value) => -value), "All signs are reversed."],
  ];
  const made = mistakes.find(([wrong]) => alike(answer, wrong));
  if (made) return { right: false, says: made[1] };
  if (factor) return { right: false, says: `The pattern is right, but every number is ${trim(factor)} times what it should be.` };
  const flat = (rows) => rows.flat();
  const right = flat(answer).filter((value, i) => Math.abs(value - flat(kernel)[i]) < 1e-6).length;
  return { right: false, says: `${right} of ${flat(kernel).length} numbers are right.` };
}

const trim = (value) => String(Number(value.toPrecision(4))).replace("-", "−");

/** c where one = c × other, and c is not 1; null where there is no such number. */
function factorBetween(one, other) {
  const at = other.flat().findIndex((value) => value !== 0);
  const factor = one.flat()[at] / other.flat()[at];
  if (!Number.isFinite(factor) || factor === 0 || Math.abs(factor - 1) < 1e-9) return null;
  return alike(one, each(other, (value) => value * factor)) ? factor : null;
}

function hintsOf(kernel) {
  const zeros = kernel.flat().filter((value) => value === 0).length;
  const count = zeros === 0 ? "None" : String(zeros);
  return [cluesOf(kernel).join(" "), `${count} of the ${kernel.flat().length} numbers ${zeros > 1 ? "are" : "is"} 0.`];
}
