// Two networks on the same image: what each predicts, and the maps of their layers in two columns.

import { readModel } from "../engine/model.js";
import { openNetwork } from "../engine/network-client.js";
import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { createSide } from "./side.js";

/**
 * The view in `holder`. `kind`: the kind of outputs that both networks have (class-outputs.js, image-outputs.js), `layers` those of
 * the page's own network, `worker` as openNetwork takes it.
 *
 * Returns {slot, render(shown)}: the image's source belongs into `slot`, `shown` is {input, outputs, label} of the page's
 * own network. The state has `pickA`, `pickB` ([position, unit] or null), `folded` and `foldedB`.
 */
export function createBeside(holder, { given, kind, layers, inputShape, state, worker, say }) {
  const { explorer } = given;
  const { names, range, beside } = explorer;
  const slot = h("div", { class: "slot" });
  const both = kind.both();
  holder.append(h("aside", { class: "card left", "aria-label": "Image" }, slot, both.aside), both.card);
  let second = null; // {layers, network} of the other
  let sides = null;
  let shown = null; // the newest run of the page's own network
  let ran = null; // {shown, outputs}: the same image through the other
  let failed = false;
  const loading = { begun: null };

  async function load() {
    const buffer = await given.beside();
    second = { layers: readModel(buffer).layers, network: await openNetwork(buffer, worker) };
    const common = { names, lastCard: kind.lastCard, range, state };
    sides = [
      createSide({ ...common, layers, letter: "A", title: explorer.title, facts: facts(explorer, layers), pick: "pickA", fold: "folded" }), // prettier-ignore
      createSide({ ...common, layers: second.layers, letter: "B", title: beside.title, facts: facts(beside, second.layers), pick: "pickB", fold: "foldedB" }), // prettier-ignore
    ];
    holder.append(...sides.map(({ column }) => column));
  }

  function facts(told, of) {
    const parameters = of.reduce((sum, layer) => sum + layer.parameters, 0);
    const parts = [kind.measure.words(told), plural(of.length, "layer"), plural(parameters, "parameter"), told.note];
    return parts.filter(Boolean).join(" · ");
  }

  async function run() {
    const own = shown;
    const outputs = await second.network.run({ data: own.input.data, shape: inputShape });
    if (!outputs || own !== shown) return; // another image has come meanwhile
    ran = { shown: own, outputs };
    draw();
  }

  function draw() {
    const { input, label, outputs } = ran.shown;
    sides[0].render(ran.shown, state.get().off);
    sides[1].render({ ...ran.shown, outputs: ran.outputs }, new Map());
    both.render({ input, label, runs: [{ layers, outputs }, { layers: second.layers, outputs: ran.outputs }] });
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
