// What a page asks, answered by the notebook's kernel over the widget's channel, or by what the widget has with it.

const PATIENCE = 4000; // milliseconds until Python is said to be silent
const HOPE = 60000; // and until a question to a kernel that has never answered is given up
const ENDED = ["comm:close", "comm_live_update"]; // what a notebook tells a widget whose kernel has ended, or has begun anew
const GONE = "Python is not responding. If the kernel has stopped, run this cell of the notebook again.";

/**
 * {ask, close}: `ask({address, method, body})` resolves to {status, type, body}. `onsilence(silent)` hears when Python
 * leaves a question open, and when it answers again.
 */
export function createAsker(model, onsilence) {
  const given = model.get("_given") ?? {};
  const us = Math.random().toString(36).slice(2); // another view of the same widget hears our answers too
  const open = new Map(); // id -> {since, method, done, fail}
  let last = 0;
  let silent = false;
  let hope = HOPE;
  const watch = setInterval(() => {
    const now = performance.now();
    const [oldest] = open.values();
    if (oldest?.since < now - PATIENCE) set(true);
    for (const [id, { since, method, fail }] of open) {
      if (method !== "POST" || since > now - hope) continue; // what a page begins with may come late
      open.delete(id);
      fail(new Error(GONE));
    }
  }, PATIENCE / 8);

  function set(now) {
    if (now !== silent) onsilence((silent = now));
  }

  function hear(message, buffers = []) {
    if (message.kind !== "answer" || !open.has(message.id)) return;
    const { done } = open.get(message.id);
    open.delete(message.id);
    hope = Infinity; // it is there, so it may take its time
    set(false);
    done({ status: message.status, type: message.type, body: copied(buffers[0] ?? new Uint8Array()) });
  }
  model.on("msg:custom", hear);

  /** Asks whether somebody is there. */
  const greet = () => ask({ address: "", method: "HELLO" }).catch(() => {});
  const doubt = () => {
    hope = PATIENCE;
    greet();
  };
  for (const name of ENDED) model.on(name, doubt);

  function ask({ address, method, body }) {
    const known = method === "GET" && given[address];
    if (known) return Promise.resolve({ status: 200, type: "application/octet-stream", body: copied(known) });
    return new Promise((done, fail) => {
      const id = `${us} ${++last}`;
      open.set(id, { since: performance.now(), method, done, fail });
      const sent = typeof body === "string" ? new TextEncoder().encode(body).buffer : body;
      try {
        model.send({ kind: "ask", id, address, method }, undefined, sent ? [sent] : []);
      } catch {
        open.delete(id); // the notebook knows that the kernel has ended
        set(true);
        fail(new Error(GONE));
      }
    });
  }

  greet();
  return {
    ask,
    close() {
      clearInterval(watch);
      for (const name of ENDED) model.off(name, doubt);
      model.off("msg:custom", hear);
    },
  };
}

/** The bytes of a DataView, a typed array or a buffer, as a buffer of their own. */
export function copied(view) {
  if (!ArrayBuffer.isView(view)) return view.slice(0);
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}
