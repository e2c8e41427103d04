// Fields that a person types numbers in.

import { parseNumber, tooLarge, whyTooLarge } from "./format.js";
import { say } from "./message.js";

/** The number in a field; null, after words, where there is none that the page can compute with. */
export function readNumber(control, sentence = "A kernel consists of numbers, but") {
  const value = parseNumber(control.value);
  const wrong = Number.isNaN(value) ? `${sentence} “${control.value}” is not a number.` : tooLarge(value) ? whyTooLarge(value) : "";
  control.setAttribute("aria-invalid", String(Boolean(wrong)));
  if (wrong) say(wrong, "error");
  return wrong ? null : value;
}
