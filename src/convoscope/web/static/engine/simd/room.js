// Where values lie in one memory: a value's room is used again once nobody needs it.

const LINE = 64; // bytes: rooms begin at a line of the cache
export const rounded = (bytes) => Math.ceil(bytes / LINE) * LINE;

/** `floor`: the first free byte. `take(bytes)` gives an address, `free(address)` its room back, `top()` is what was needed. */
export function createRoom(floor) {
  let end = rounded(floor);
  const taken = new Map(); // address -> bytes
  let gaps = []; // [address, bytes], by address
  return {
    take(bytes) {
      const size = rounded(bytes);
      const fit = gaps.filter(([, room]) => room >= size).sort((a, b) => a[1] - b[1])[0];
      const address = fit ? fit[0] : end;
      if (fit) {
        gaps = gaps.filter((gap) => gap !== fit);
        if (fit[1] > size) gaps.push([address + size, fit[1] - size]);
      } else {
        end += size;
      }
      taken.set(address, size);
      return address;
    },
    free(address) {
      gaps.push([address, taken.get(address)]);
      taken.delete(address);
      gaps.sort((a, b) => a[0] - b[0]);
      gaps = gaps.reduce((joined, [from, size]) => {
        const last = joined.at(-1);
        if (last && last[0] + last[1] === from) last[1] += size;
        else joined.push([from, size]);
        return joined;
      }, []);
    },
    top: () => end,
  };
}
