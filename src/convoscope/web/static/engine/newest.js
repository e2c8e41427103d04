// A queue with room for one: a dragged number never queues up work.

/**
 * Does one request at a time with `work`, which returns a promise or a value.
 *
 * `ask(request)` resolves to what came of it. While work is under way only the newest request waits; one that was
 * overtaken, or that `drop()` took away, resolves to null.
 */
export function newestOnly(work) {
  let running = false;
  let waiting = null;

  const drop = () => {
    waiting?.resolve(null);
    waiting = null;
  };

  async function next() {
    const { request, resolve, reject } = waiting;
    waiting = null;
    running = true;
    try {
      resolve(await work(request));
    } catch (error) {
      reject(error);
    }
    running = false;
    if (waiting) next();
  }

  const ask = (request) =>
    new Promise((resolve, reject) => {
      drop();
      waiting = { request, resolve, reject };
      if (!running) next();
    });

  return { ask, drop };
}
