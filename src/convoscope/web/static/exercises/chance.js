// What an exercise draws by lot: the same for the same name and seed, so that a class has the same numbers.

import { generator } from "../engine/index.js";

export const MOST_SEED = 999_999;

/** {whole(least, most), pick(list), some(list, count), shuffled(list)}, for an exercise's name and seed. */
export function createChance(name, seed) {
  const next = generator(hash(`${name}:${seed}`));
  const whole = (least, most) => least + Math.floor(next() * (most - least + 1));
  const shuffled = (list) => {
    const mixed = [...list];
    for (let i = mixed.length - 1; i > 0; i--) {
      const other = whole(0, i);
      [mixed[i], mixed[other]] = [mixed[other], mixed[i]];
    }
    return mixed;
  };
  return { whole, shuffled, pick: (list) => list[whole(0, list.length - 1)], some: (list, count) => shuffled(list).slice(0, count) };
}

/** A text's hash of 32 bits (FNV-1a, of its UTF-8 bytes). */
export function hash(text) {
  let found = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) found = Math.imul(found ^ byte, 0x01000193) >>> 0;
  return found;
}
