/**
 * The page's state: one object, changed only through `change`, which tells everybody.
 *
 * image: its name; version: counts an own image's changes under the same name; grey: whether it is made grey;
 * steps: the chain; selected: the step on the bench;
 * place: the pixel that was pointed at, {of: "input" | "output", row, column}, or null for the middle;
 * reveal: the output is hidden beyond the place; channel: whose numbers are shown;
 * look: "auto", "image" or "signed"; range: "own" or "shared"; mark: values that a scale cuts off are marked;
 * hide, lock: names of the page's parts, see address.js.
 */
export function createState(initial) {
  let state = initial;
  const listeners = [];
  return {
    get: () => state,
    change(patch) {
      const before = state;
      state = { ...state, ...patch };
      for (const listener of listeners) listener(state, before);
    },
    /** Changes the step on the bench. */
    changeStep(patch) {
      const steps = state.steps.map((step, i) => (i === state.selected ? { ...step, ...patch } : step));
      this.change({ steps });
    },
    listen: (listener) => listeners.push(listener),
  };
}
