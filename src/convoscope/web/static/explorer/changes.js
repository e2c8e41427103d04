// What a person changes in the network: filters that are switched off, numbers that are edited.

/** Changes the `state` (its `off` and `edits`), and makes network and `layers`, the page's own copy, follow it. */
export function createChanges({ state, layers, network }) {
  const original = new Map(); // an edited number's key -> what it was

  function set(place, weight, index, number) {
    layers[place].weights[weight].data[index] = number;
    network.change({ place, weight, index, value: number });
  }

  /** Tells the network what is different from before. */
  function tell({ off, edits }, before) {
    for (const place of new Set([...off.keys(), ...before.off.keys()])) {
      const [is, was] = [off.get(place) ?? [], before.off.get(place) ?? []];
      for (const channel of is) if (!was.includes(channel)) network.change({ place, channel, off: true });
      for (const channel of was) if (!is.includes(channel)) network.change({ place, channel, off: false });
    }
    for (const [key, { place, weight, index, value }] of edits) {
      if (!original.has(key)) original.set(key, layers[place].weights[weight].data[index]);
      if (before.edits.get(key)?.value !== value) set(place, weight, index, value);
    }
    for (const [key, { place, weight, index }] of before.edits)
      if (!edits.has(key)) set(place, weight, index, original.get(key));
  }

  return {
    tell,
    silence(place, channel, off) {
      const now = new Map(state.get().off);
      const channels = new Set(now.get(place) ?? []);
      if (off) channels.add(channel);
      else channels.delete(channel);
      now.set(place, [...channels].sort((a, b) => a - b));
      if (!channels.size) now.delete(place);
      state.change({ off: now });
    },
    edit(place, weight, index, number) {
      const edits = new Map(state.get().edits);
      edits.set(keyOf(place, weight, index), { place, weight, index, value: Math.fround(number) });
      state.change({ edits });
    },
    reset: () => state.change({ off: new Map(), edits: new Map() }),
    /** The weights are those of another epoch: what is switched off stays so, and edited numbers stay as edited. */
    begin() {
      const nothing = { off: new Map(), edits: new Map() };
      original.clear();
      tell({ ...nothing, edits: state.get().edits }, nothing);
    },
    /** A number as it is without edits. */
    number: (place, weight, index) =>
      original.get(keyOf(place, weight, index)) ?? layers[place].weights[weight].data[index],
  };
}

const keyOf = (place, weight, index) => `${place} ${weight} ${index}`;
