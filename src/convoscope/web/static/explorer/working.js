// A line that says how far something has come that takes seconds, with a button to stop it and one to go on.

import { h } from "../shared/dom.js";

/** {row, begin(steps), step(), end(done)}: `end(true)` takes the line away, `end(false)` offers to compute again. */
export function createWorking(label, { onstop, onagain }) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": label });
  const stop = h("button", { type: "button", onclick: onstop }, "Stop");
  const again = h("button", { type: "button", onclick: onagain }, "Compute");
  const row = h("div", { class: "row working", hidden: true }, bar, stop, again);
  const show = (goes) => {
    row.parentElement?.setAttribute("aria-busy", String(goes));
    bar.hidden = stop.hidden = !goes;
    again.hidden = goes;
  };
  return {
    row,
    begin(steps) {
      [bar.max, bar.value, row.hidden] = [steps, 0, false];
      show(true);
    },
    step: () => (bar.value += 1),
    end(done) {
      row.hidden = done;
      show(false);
    },
  };
}
