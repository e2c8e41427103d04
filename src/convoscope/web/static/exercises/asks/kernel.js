// A kernel that is edited until its picture is the same as another.

import { h, setText } from "../../shared/dom.js";
import { number, plural } from "../../shared/format.js";
import { extent } from "../../shared/scale.js";
import { filtered, imageOf } from "../computing.js";
import { differing } from "../kinds/edit.js";
import { paintRows } from "../shows/picture.js";
import { fieldsOf, numbersIn } from "./cells.js";

/** {label, start, image, target, look}: the picture follows every number that is typed. */
export function kernel({ label, start, image, target, look }) {
  const canvas = h("canvas", { class: "picture", role: "img", "aria-label": "What your kernel produces" });
  const apart = h("p", { class: "note", "aria-live": "polite" });
  const field = (value, y, x) => h("input", { type: "text", inputmode: "text", autocomplete: "off", class: "cell", value: number(value), "aria-label": `Kernel, row ${y}, column ${x}`, oninput: draw, onkeydown: step }); // prettier-ignore
  const fields = start.map((row, y) => row.map((value, x) => field(value, y, x)));
  const { low, high } = extent(imageOf(target));
  const limit = Math.max(Math.abs(low), Math.abs(high)); // colours mean the same in both pictures

  function step(event) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const { value } = numbersIn([[event.target]]);
    if (!by || !value) return;
    event.preventDefault();
    event.target.value = number(value[0][0] + by, 4);
    draw();
  }

  function draw() {
    const { value } = numbersIn(fields);
    if (!value) return;
    const made = filtered(image, value);
    paintRows(canvas, made, look, limit);
    const count = differing(made, target);
    setText(apart, count ? `${plural(count, "pixel")} of ${target.flat().length.toLocaleString("en")} differ.` : "All pixels are the same.");
  }

  draw();
  return {
    element: h("div", { class: "beside" }, h("figure", { class: "shown" }, h("figcaption", {}, "Yours"), canvas, apart), fieldsOf(label, fields)),
    focus: () => fields[0][0].focus(),
    answer: () => numbersIn(fields),
  };
}
