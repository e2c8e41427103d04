// The lab's state.

import { createState } from "../shared/state.js";

/**
 * image: its name; version: counts an own image's changes under the same name; grey: whether it is made grey;
 * steps: the chain; selected: the step on the bench;
 * position: the pixel that was pointed at, {of: "input" | "output", row, column}, or null for the middle;
 * reveal: the output is hidden beyond the position; channel: whose numbers are shown;
 * look: "auto", "image" or "signed"; range: "own" or "shared"; mark: values that a scale cuts off are marked;
 * hide, lock: names of the page's parts, see address.js.
 * from: the kernel of a network that the first step is, {kernel, page}, or null; see back.js.
 */
export function createLabState(initial) {
  const state = createState(initial);
  return {
    ...state,
    /** Changes the step on the bench. */
    changeStep(patch) {
      const { steps, selected } = state.get();
      state.change({ steps: steps.map((step, i) => (i === selected ? { ...step, ...patch } : step)) });
    },
  };
}
