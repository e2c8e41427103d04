// A page in the frame of a notebook's widget: what it asks goes through the widget, which keeps its address for it too.
// The other side is widget/frame.js. Anywhere else the page asks its server.

import { lendAddress } from "./session.js";

/** Whether the page is in a widget's frame: web/bundle.py marks it then. */
export const inNotebook = globalThis.document?.documentElement.dataset.notebook !== undefined;

/** What the page tells its widget when it begins. */
export const BEGUN = "convoscope: begun";

const open = new Map(); // id -> what takes the answer
const listeners = { theme: [], wanted: [] };
let last = 0;
let port = null;
let surrounding = null;

/** What the widget says at the start, {theme, state}; a promise. Not for a page without a widget. */
export const begun = inNotebook
  ? new Promise((done) => {
      window.addEventListener("message", function hear({ source, data, ports }) {
        if (source !== window.parent || !ports.length) return;
        window.removeEventListener("message", hear);
        [port] = ports;
        port.onmessage = ({ data: said }) => take(said);
        take({ theme: data.theme });
        lendAddress(data.state.address ?? "", (address) => tell({ address }));
        done(data);
      });
      window.parent.postMessage(BEGUN, "*");
    })
  : null;

function take({ id, answer, problem, theme, wanted }) {
  if (theme) surrounding = theme;
  for (const listener of theme ? listeners.theme : []) listener(theme);
  for (const listener of wanted ? listeners.wanted : []) listener(wanted);
  if (id === undefined) return;
  const { resolve, reject } = open.get(id);
  open.delete(id);
  if (problem !== undefined) reject(new Error(problem));
  else resolve(new Response(answer.body, { status: answer.status, headers: { "Content-Type": answer.type } }));
}

/** Asks Python as fetch asks a server: resolves to a Response. In a widget an error says why there is none. */
export async function reach(address, { method = "GET", headers, body } = {}) {
  if (!inNotebook) return fetch(address, { method, headers, body });
  await begun;
  const content = body instanceof Blob ? await body.arrayBuffer() : body;
  return new Promise((resolve, reject) => {
    open.set(++last, { resolve, reject });
    port.postMessage({ id: last, address, method, body: content });
  });
}

/** Tells the widget what the page's state has become: a part of it by name. */
export function tell(told) {
  port?.postMessage({ told });
}

/** The colours around the frame, "light" or "dark"; null where that is not known. */
export const surroundings = () => surrounding;

/** `listener(value)` hears of other colours around the frame ("theme"), and of what Python wants to be shown ("wanted"). */
export const listen = (what, listener) => void listeners[what].push(listener);
