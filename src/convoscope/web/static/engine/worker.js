// The engine beside the page. A message is {id, load: tensor} or {id, run: steps}; the answer {id, outputs} or
// {id, error}. Outputs are handed over, neither cloned nor copied: the program forgets them, for what comes after a
// change is computed anew anyway. One that the page has from an earlier run is null.

import { Program } from "./program.js";

const program = new Program();
let input = null;
let given = []; // the keys of the outputs that the page has

self.addEventListener("message", ({ data: { id, load, run } }) => {
  try {
    if (load) {
      program.load(load);
      input = load.data.buffer;
      given = [];
    }
    const { outputs, buffers } = run ? changed(program.run(run)) : { outputs: [], buffers: [] };
    self.postMessage({ id, outputs }, buffers);
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});

function changed(outputs) {
  const keys = program.keys();
  let same = 0;
  while (same < given.length && same < keys.length && given[same] === keys[same]) same++;
  given = keys;
  program.forget(same);
  const kept = new Set([input, ...outputs.slice(0, same).map(({ data }) => data.buffer)]);
  const own = outputs.map(({ data, shape }, i) => {
    if (i < same) return null;
    const shared = kept.has(data.buffer); // by a step that only looks at its input in another shape
    kept.add(data.buffer);
    return { data: shared ? data.slice() : data, shape };
  });
  return { outputs: own, buffers: own.filter(Boolean).map(({ data }) => data.buffer) };
}
