// The lab's state and Python's, in a notebook's widget: widgets/lab.py says what Python has.

import { inNotebook, begun } from "../shared/notebook.js";
import { createStep } from "../shared/in-step.js";

const FROM_PYTHON = ["step", "kernels", "weight", "bias"];

/** The link behind {tell}; without a widget it does nothing. `image()` is the tensor that the chain starts with. */
export async function createNotebookLink({ state, image }) {
  if (!inNotebook) return { tell() {} };
  let sent = [null, null]; // a tensor and its bytes
  const bytesOfImage = () => {
    if (sent[0] !== image()) sent = [image(), withShape(image())];
    return sent[1];
  };
  const step = createStep({
    wanted: FROM_PYTHON,
    describe: () => image() && { ...described(state.get()), image: bytesOfImage() },
    apply({ step: selected, kernels, weight, bias }) {
      if (typeof selected === "number" && selected < state.get().steps.length) state.change({ selected });
      if (state.get().steps[state.get().selected].type !== "convolve") return;
      const news = Object.entries({ kernels, weight, bias }).filter(([, value]) => value !== undefined && value !== null);
      if (news.length) state.changeStep(Object.fromEntries(news));
    },
  });
  step.begin((await begun).state);
  return step;
}

function described({ steps, selected }) {
  const { type, kernels = null, weight = null, bias = null } = steps[selected];
  const known = type === "convolve" ? { kernels, weight, bias } : { kernels: null, weight: null, bias: null };
  return { step: selected, count: steps.length, ...known };
}

/** Height, width and channels (4 bytes each), and the values in float32. */
function withShape({ shape, data }) {
  const all = new Uint8Array(12 + 4 * data.length);
  new Uint32Array(all.buffer, 0, 3).set(shape);
  new Float32Array(all.buffer, 12).set(data);
  return all;
}
