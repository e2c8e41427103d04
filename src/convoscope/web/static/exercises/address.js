// Which exercise, with which numbers, as the part of the address after #: #exercise=pixel&seed=7

import { MOST_SEED } from "./chance.js";

export const writeAddress = ({ name, seed }) => (seed === null ? `exercise=${name}` : `exercise=${name}&seed=${seed}`);

/** {name, seed} of an address; null for what it does not say, or says in no way that can be read. */
export function readAddress(text) {
  const found = { name: null, seed: null };
  for (const part of text.replace(/^#/, "").split("&")) {
    const [name, told = ""] = part.split("=");
    if (name === "exercise" && /^[a-z0-9-]{1,40}$/.test(told)) found.name = told;
    if (name === "seed" && /^\d{1,6}$/.test(told) && Number(told) >= 1 && Number(told) <= MOST_SEED) found.seed = Number(told);
  }
  return found;
}
