// Two networks on the same image: what each predicts, and the maps of their layers in two columns.

import { openNetwork } from "../engine/network-client.js";
import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { openModel } from "./opened.js";
import { createPythonNetwork } from "./python-network.js";
import { createSide } from "./side.js";

/**
 * The view in `holder`. `kind`: the kind of outputs that both networks have (class-outputs.js, image-outputs.js), `model`:
 * the page's own, which `network` runs, `worker` as openNetwork takes it.
 *
 * Returns {slot, render(shown)}: the image's source belongs into `slot`, `shown` is {given, inputs, outputs, label} of the page's
 * own network. The state has `pickA`, `pickB` ([position, unit] or null), `folded` and `foldedB`.
 */
export function createBeside(holder, { given, kind, model, network, state, worker, say }) {
  const { explorer } = given;
  const { names, range, beside } = explorer;
  const slot = h("div", { class: "slot" });
  const both = kind.both();
  holder.append(h("aside", { class: "card left", "aria-label": "Image" }, slot, both.aside), both.card);
  let second = null; // {model, network} of the other
  let sides = null;
  let shown = null; // the newest run of the page's own network
  let ran = null; // {shown, outputs}: the same image through the other
  let failed = false;
  const loading = { begun: null };

  async function load() {
    const buffer = await given.beside();
    const opened = openModel(buffer, beside.shapes, beside.multiplyAdds);
    const inPython = explorer.runs === "python";
    const running = inPython
      ? createPythonNetwork({ model: opened, about: () => ({ beside: true }) })
      : await openNetwork(buffer, worker);
    second = { model: opened, network: running };
    const common = { names, lastCard: kind.lastCard, range, state, say };
    sides = [
      createSide({ ...common, model, network, letter: "A", title: explorer.title, facts: facts(explorer, model), pick: "pickA", fold: "folded" }), // prettier-ignore
      createSide({ ...common, ...second, letter: "B", title: beside.title, facts: facts(beside, second.model), pick: "pickB", fold: "foldedB" }), // prettier-ignore
    ];
    holder.append(...sides.map(({ column }) => column));
  }

  function facts(told, { layers, parameters }) {
    const parts = [kind.measure.words(told), plural(layers.length, "layer"), plural(parameters, "parameter"), told.note];
    return parts.filter(Boolean).join(" · ");
  }

  async function run() {
    const own = shown;
    const outputs = await second.network.run(own.given);
    if (!outputs || own !== shown) return; // another image has come meanwhile
    ran = { shown: own, outputs };
    draw();
  }

  function draw() {
    const { inputs, label, outputs } = ran.shown;
    sides[0].render(ran.shown, state.get().off);
    sides[1].render({ ...ran.shown, outputs: ran.outputs }, new Map());
    both.render({ input: inputs[0], label, runs: [{ model, outputs }, { model: second.model, outputs: ran.outputs }] });
  }

  return {
    slot,
    /** Shows a run of the page's own network, and the same image through the other. */
    async render(newest) {
      if (failed) return;
      const fresh = newest !== shown;
      shown = newest;
      try {
        await (loading.begun ??= load());
        if (fresh || !ran) await run();
        else if (ran.shown === shown) draw();
      } catch (problem) {
        failed = !sides;
        say(problem.message, "error");
      }
    },
  };
}
