// A page in a frame, whose other side is shared/notebook.js: what it asks is answered, what it tells is handed on.

import { copied } from "./asking.js";

const BEGUN = "convoscope: begun";

/**
 * The frame of a page, HTML. `ask` answers questions, `state()` is what the page is told at the start, `ontell(told)`
 * hears what it tells. A notebook may take the frame away and put it back: the page then begins anew, with that state.
 */
export function createFrame({ page, title, theme, ask, state, ontell }) {
  const frame = document.createElement("iframe");
  frame.title = title;
  frame.className = "convoscope-frame";
  frame.setAttribute("sandbox", "allow-scripts allow-downloads allow-popups");
  frame.allow = "fullscreen";
  frame.srcdoc = page.replace("<html ", `<html data-theme="${theme()}" `);
  let port = null;

  async function answer({ id, told, ...question }) {
    if (told) return ontell(told);
    const own = port;
    try {
      const { status, type, body } = await ask(question);
      own.postMessage({ id, answer: { status, type, body } }, [body]);
    } catch (problem) {
      own.postMessage({ id, problem: problem.message });
    }
  }

  function hear({ source, data }) {
    if (source !== frame.contentWindow || data !== BEGUN) return;
    port?.close();
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = ({ data: said }) => answer(said);
    source.postMessage({ theme: theme(), state: sendable(state()) }, "*", [channel.port2]);
  }
  window.addEventListener("message", hear);

  return {
    frame,
    /** Tells the page something: {theme} or {wanted}. */
    tell: (said) => port?.postMessage(said.wanted ? { wanted: sendable(said.wanted) } : said),
    close() {
      window.removeEventListener("message", hear);
      port?.close();
    },
  };
}

/** Views of bytes as copies: what lies behind them may be all that has come from the kernel. */
const sendable = (state) =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [name, ArrayBuffer.isView(value) ? new Uint8Array(copied(value)) : value]));
