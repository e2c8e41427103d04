// What a person changes in the network: filters that are switched off, numbers that are edited.

/** Changes the `state` (its `off` and `edits`), and makes network and `layers`, the page's own copy, follow it. */
export function createChanges({ state, layers, network }) {
  const original = new Map(); // an edited number's key -> what it was

  function set(position, weight, index, number) {
    layers[position].weights[weight].data[index] = number;
    network.change({ position, weight, index, value: number });
  }

  /** Tells the network what is different from before. */
  function tell({ off, edits }, before) {
    for (const position of new Set([...off.keys(), ...before.off.keys()])) {
      const [is, was] = [off.get(position) ?? [], before.off.get(position) ?? []];
      for (const channel of is) if (!was.includes(channel)) network.change({ position, channel, off: true });
      for (const channel of was) if (!is.includes(channel)) network.change({ position, channel, off: false });
    }
    for (const [key, { position, weight, index, value }] of edits) {
      if (!original.has(key)) original.set(key, layers[position].weights[weight].data[index]);
      if (before.edits.get(key)?.value !== value) set(position, weight, index, value);
    }
    for (const [key, { position, weight, index }] of before.edits)
      if (!edits.has(key)) set(position, weight, index, original.get(key));
  }

  return {
    tell,
    silence(position, channel, off) {
      const now = new Map(state.get().off);
      const channels = new Set(now.get(position) ?? []);
      if (off) channels.add(channel);
      else channels.delete(channel);
      now.set(position, [...channels].sort((a, b) => a - b));
      if (!channels.size) now.delete(position);
      state.change({ off: now });
    },
    edit(call, weight, index, number) {
      const position = layers[call].first; // a layer that is called several times has one number there
      const edits = new Map(state.get().edits);
      edits.set(keyOf(position, weight, index), { position, weight, index, value: Math.fround(number) });
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
    number: (position, weight, index) =>
      original.get(keyOf(position, weight, index)) ?? layers[position].weights[weight].data[index],
  };
}

const keyOf = (position, weight, index) => `${position} ${weight} ${index}`;
