// Questions of a teacher's own, in her words: a number, or a choice.

import { judgeChoice, judgeNumber } from "../judging.js";

export const number = {
  name: "number",
  title: "A number",

  /** `mistakes`: {value, says} each. */
  build: ({ text, image, answer, tolerance = 0, mistakes = [], hint = [], explanation = [] }) => ({
    text,
    shows: shownOf(image),
    asks: { kind: "number", label: "Answer" },
    judge: (given) => judgeNumber(given, { value: answer, tolerance, mistakes: mistakes.map(({ value, says }) => [value, says]) }),
    hint,
    explanation,
    link: null,
  }),
};

export const choice = {
  name: "choice",
  title: "A choice",

  /** `options`: texts; `feedback`: what to say of each, "" for the right one. */
  build: ({ text, image, options, right, feedback = [], hint = [], explanation = [] }) => ({
    text,
    shows: shownOf(image),
    asks: { kind: "choice", label: "Answer", options: options.map((each) => ({ text: each })) },
    judge: (given) => judgeChoice(given, { right, feedback }),
    hint,
    explanation,
    link: null,
  }),
};

const LARGEST_TABLE = 12; // rows or columns; larger ones are pictures

function shownOf(image) {
  if (!image) return [];
  const signed = image.flat().some((value) => value < 0);
  const large = Math.max(image.length, image[0].length) > LARGEST_TABLE;
  return [large ? { kind: "picture", title: "Image", rows: image, look: signed ? "signed" : "image" } : { kind: "grid", title: "Image", rows: image, signed }];
}
