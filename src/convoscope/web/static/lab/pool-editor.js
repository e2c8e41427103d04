// Pooling: what of each window is kept, how large it is, and how far it moves.

import { byId, h } from "../shared/dom.js";

const MODES = [
  ["max", "Largest"],
  ["average", "Average"],
  ["min", "Smallest"],
];
const SHOWS = {
  max: "Max pooling keeps the largest value of each window: what a filter found is kept, wherever in the window it was.",
  average: "Average pooling keeps the mean of each window: the image becomes smaller and smoother.",
  min: "Min pooling keeps the smallest value of each window: dark lines grow.",
};
const SIZES = [2, 3, 4, 5, 6, 7, 8];

/** The editor in #pool-editor, for a pooling step on the bench. */
export function createPoolEditor(state) {
  const segments = (label, options, onclick) =>
    h(
      "div",
      { class: "segments", role: "group", "aria-label": label },
      options.map(([value, text]) =>
        h("button", { type: "button", dataset: { value }, onclick: () => onclick(value) }, text),
      ),
    );
  const modes = segments("What is kept", MODES, (mode) => state.changeStep({ mode }));
  // A window that lay edge to edge goes on doing so.
  const sizes = segments(
    "Window size",
    SIZES.map((n) => [n, `${n}`]),
    (size) => {
      const step = state.get().steps[state.get().selected];
      state.changeStep({ size, stride: step.stride === step.size ? size : step.stride });
    },
  );
  const strides = segments(
    "Stride",
    [1, ...SIZES].map((n) => [n, `${n}`]),
    (stride) => state.changeStep({ stride }),
  );
  const note = h("p", { class: "note" });
  const titled = (text, control) => h("div", { class: "field" }, h("span", {}, text), control);
  byId("pool-editor").append(
    titled("Value kept from each window", modes),
    note,
    titled("Window", sizes),
    titled("Stride", strides),
  );

  return {
    render() {
      const step = state.get().steps[state.get().selected];
      for (const [group, value] of [
        [modes, step.mode],
        [sizes, step.size],
        [strides, step.stride],
      ]) {
        for (const button of group.children)
          button.setAttribute("aria-pressed", String(button.dataset.value === String(value)));
      }
      const share = step.stride ** 2;
      note.textContent = `${SHOWS[step.mode]}${share > 1 ? ` One value in ${share} is left.` : ""}`;
    },
  };
}
