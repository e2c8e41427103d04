// What a person has solved, kept by the browser as long as it is not reset.

import { keep, kept } from "../shared/session.js";

const KEY = "convoscope-exercises";

/** {count(name), add(name), reset()}: how often each exercise has been solved. */
export function createProgress() {
  let solved = read();
  const write = () => keep(KEY, JSON.stringify(solved));
  return {
    count: (name) => (Object.hasOwn(solved, name) ? solved[name] : 0),
    add(name) {
      solved = { ...solved, [name]: this.count(name) + 1 };
      write();
    },
    reset() {
      solved = {};
      write();
    },
  };
}

/** What is kept; nothing where that is not what this page has written. */
function read() {
  try {
    const found = Object.entries(JSON.parse(kept(KEY)) ?? {});
    return Object.fromEntries(found.filter(([, count]) => Number.isInteger(count) && count > 0));
  } catch {
    return {};
  }
}
