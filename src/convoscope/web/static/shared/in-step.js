// A page and the Python behind its notebook's widget, in step: each hears of what is new with the other.

import { delayed } from "./dom.js";
import { listen, tell } from "./notebook.js";

const CALM = 60; // milliseconds without anything new, until Python is told

/**
 * `describe()` is what Python is to know, by name, or null while that is being computed; `wanted` are the names of what
 * Python may set, and `apply(news, all)` shows what is new of it, and may be async.
 */
export function createStep({ wanted, describe, apply }) {
  let heard = {}; // what Python had last
  let told = {}; // what it was told
  let first = null; // what it had set before the page was there

  let applying = 0; // what is half shown is not told

  const tellSoon = delayed(CALM, () => {
    if (applying) return;
    const now = describe();
    if (!now) return tellSoon();
    if (first) return take(first); // the page then says what has come of it
    const news = Object.entries(now).filter(([name, value]) => !same(value, told[name]));
    told = now;
    if (news.length) tell(Object.fromEntries(news));
  });

  async function take(all) {
    first = null;
    const isNew = (name) => !same(all[name], heard[name]) && !same(all[name], told[name]);
    const news = pick(all, wanted.filter(isNew));
    heard = { ...heard, ...all };
    if (Object.keys(news).length) told = pick(told, wanted); // Python takes the rest to be unknown now
    told = { ...told, ...news }; // so that it is told where something else has come of it
    applying++;
    try {
      await apply(news, heard);
    } finally {
      applying--;
    }
    tellSoon();
  }

  return {
    /** Takes over what Python has at the start: what is null there is the page's to choose. */
    begin(state) {
      first = Object.fromEntries(wanted.map((name) => [name, state[name] ?? null]));
      heard = Object.fromEntries(wanted.map((name) => [name, null]));
      listen("wanted", take);
    },
    /** Tells Python, in a moment, what is new. */
    tell: tellSoon,
  };
}

/** Bytes as they come from Python, or as the page has them, as a copy of their own. */
export const bytesOf = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength));

const pick = (all, names) => Object.fromEntries(names.map((name) => [name, all[name]]));

function same(one, other) {
  if (one === other) return true;
  if (!ArrayBuffer.isView(one) || !ArrayBuffer.isView(other)) return JSON.stringify(one) === JSON.stringify(other);
  const [a, b] = [bytesOf(one), bytesOf(other)];
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
