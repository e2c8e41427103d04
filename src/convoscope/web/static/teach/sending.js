// Pictures on their way to the program: a few at a time, again after a failure, and none is lost while the page is open.

import { Unreachable } from "./server.js";

const AT_ONCE = 3;
const [FIRST_PAUSE, LONGEST_PAUSE] = [500, 8000]; // milliseconds

/**
 * A queue of pictures. `send(picture)` returns a promise; a picture that is refused is told to `onrefused(picture, why)`,
 * one that nobody answers is tried again for ever. `onchange()` hears whenever a number has changed; `wait` is for tests.
 */
export function createSending({ send, onsent, onrefused, onchange, wait = (ms) => new Promise((go) => setTimeout(go, ms)) }) {
  const waiting = [];
  let active = 0;
  let pause = 0;
  let done = 0;
  let all = 0;

  async function work() {
    active++;
    while (waiting.length) {
      const picture = waiting.shift();
      try {
        onsent(picture, await send(picture));
        pause = 0;
        done++;
      } catch (problem) {
        if (problem instanceof Unreachable) {
          waiting.unshift(picture);
          pause = Math.min(pause ? 2 * pause : FIRST_PAUSE, LONGEST_PAUSE);
          onchange();
          await wait(pause);
          continue;
        }
        done++;
        onrefused(picture, problem.message);
      }
      onchange();
    }
    active--;
    if (!active) [done, all] = [0, 0];
    onchange();
  }

  return {
    /** Takes pictures. */
    add(...pictures) {
      waiting.push(...pictures);
      all += pictures.length;
      while (active < Math.min(AT_ONCE, waiting.length + active)) work();
      onchange();
    },
    /** How many were taken since the queue was empty, and how many of them are done. */
    progress: () => ({ done, all }),
    /** How many are not there yet. */
    pending: () => all - done,
  };
}
