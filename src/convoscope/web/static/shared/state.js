// A page's state: one object, changed only through `change`, which tells everybody.

/** The state, beginning as `initial`. Listeners get the state and the one before. */
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
    listen: (listener) => listeners.push(listener),
  };
}
