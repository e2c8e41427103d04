// Questions to the server that gave out this page, with the token that a person typed; it is kept until the tab is closed.

import { keep, kept } from "../shared/session.js";

const KEY = "convoscope-serving-token";

/** Keeps a token for this tab. */
export function remember(token) {
  keep(KEY, token, "sessionStorage");
}

/** The models: {status, told}. */
export function models() {
  return answered("models", {});
}

/** What a model says of a picture: {status, told}. */
export function ask(model, top, file) {
  const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
  const address = `predict/${encodeURIComponent(model)}?${new URLSearchParams({ top, name: file.name })}`;
  return answered(address, { method: "POST", body: file, headers: { "Content-Type": type } });
}

async function answered(address, options) {
  const token = kept(KEY, "sessionStorage");
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  try {
    const answer = await fetch(address, { ...options, headers });
    return { status: answer.status, told: await answer.json() };
  } catch {
    return { status: 0, told: { error: "The server is not responding. It may have stopped." } };
  }
}
