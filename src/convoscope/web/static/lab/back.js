// The way back to the network that a kernel came from: with the kernel as it is now.

import { byId } from "../shared/dom.js";
import { goTo } from "../shared/session.js";
import { laidKernel } from "./steps.js";

/** Wires #back. state.from is {kernel, page}: which of the network's kernels, and the address of its page's state. */
export function createBack(state, network) {
  const button = byId("back");
  button.addEventListener("click", () => goTo(`../#${backAddress(state.get())}`));
  return {
    render: () => (button.hidden = !network || !state.get().from),
  };
}

/** The state of the network's page with the first step's kernel in it, as it is laid on the map. */
export function backAddress({ from: { kernel, page }, steps: [step] }) {
  const parts = page ? [page] : [];
  if (step.type === "convolve") {
    const rows = laidKernel(step, 0).map((row) => row.map((value) => plain(value * step.weight)).join(","));
    parts.push(`kernel=${kernel}:${rows.join("/")}:${plain(step.bias)}`);
  }
  return parts.join("&");
}

const plain = (value) => String(Number(value.toPrecision(6)));
