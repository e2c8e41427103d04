// The engine beside the page. A message is {id, load: tensor} or {id, run: steps}; the answer {id, outputs} or
// {id, error}. Outputs are copies, handed over and not cloned: the program keeps its own for the next run.

import { Program } from "./program.js";

const program = new Program();

self.addEventListener("message", ({ data: { id, load, run } }) => {
  try {
    if (load) program.load(load);
    const outputs = run ? program.run(run).map(({ data, shape }) => ({ data: data.slice(), shape })) : [];
    self.postMessage(
      { id, outputs },
      outputs.map(({ data }) => data.buffer),
    );
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});
