// Random numbers that Python draws too, to the last bit (mulberry32): explore/random_numbers.py.

/** A function that gives the next number from 0 to 1; the same seed, the same numbers. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** So many numbers of a seed. */
export function numbers(seed, count) {
  const next = generator(seed);
  return Float64Array.from({ length: count }, next);
}
