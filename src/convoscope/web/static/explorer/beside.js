// Two networks on the same image: what each answers, the maps of their layers in two columns, and where they disagree.

import { readModel } from "../engine/model.js";
import { openNetwork } from "../engine/network-client.js";
import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { best, scoresOf } from "./answer.js";
import { imageShape, picture } from "./images.js";
import { createSide } from "./side.js";
import { percent, value } from "./words.js";

const SHORT = 6; // letters of a name that has room in half the list

/**
 * The view in `holder`. `first`: {layers, probabilities} of the page's own network, `worker` as openNetwork takes it.
 *
 * Returns {slot, render(shown)}: the image's source belongs into `slot`, `shown` is {input, outputs, label} of the page's
 * own network. The state has `pickA`, `pickB` ([place, unit] or null), `folded` and `foldedB`.
 */
export function createBeside(holder, { given, first, inputShape, collection, state, worker, say }) {
  const { explorer } = given;
  const { names, range, beside } = explorer;
  const slot = h("div", { class: "slot" });
  const list = h("ol", { class: names.some((name) => name.length > SHORT) ? "apart long" : "apart" });
  const verdict = h("p", { id: "both", class: "card both", role: "status" });
  holder.append(
    h("aside", { class: "card left", "aria-label": "Image" }, slot, h("h2", {}, "Where they disagree"), h("p", { class: "note" }, howOften(explorer)), list), // prettier-ignore
    verdict,
  );
  const items = new Map(beside.apart.map((number) => [number, itemOf(number)]));
  list.append(...[...items.values()].map((button) => h("li", {}, button)));
  let sides = null;
  let network = null;
  let shown = null; // the newest run of the page's own network
  let ran = null; // {shown, outputs}: the same image through the other
  let failed = false;
  const loading = { begun: null };

  function itemOf(number) {
    const i = collection.find(number);
    const [label, a, b] = [collection.label(i), collection.opened(i), beside.predicted[i]];
    const said = (letter, each) =>
      h("span", {}, h("b", {}, letter), ` ${names[each]}${each === label ? " ✓" : ""}`);
    const words = `Image ${number}: A says ${names[a]}, B says ${names[b]}${label === null ? "" : `; it is ${names[label]}`}`;
    return h(
      "button",
      { type: "button", "aria-label": words, onclick: () => state.change({ source: "test", image: number }) },
      imageShape(inputShape) ? picture(collection.tensor(i), range) : String(number),
      h("span", { class: "said" }, said("A", a), said("B", b)),
    );
  }

  async function load() {
    const buffer = await given.beside();
    const { layers } = readModel(buffer);
    network = await openNetwork(buffer, worker);
    const second = { layers, probabilities: endsInProbabilities(layers) };
    const common = { names, range, state };
    sides = [
      createSide({ ...common, ...first, letter: "A", title: explorer.title, facts: facts(explorer, first.layers), pick: "pickA", fold: "folded" }), // prettier-ignore
      createSide({ ...common, ...second, letter: "B", title: beside.title, facts: facts(beside, layers), pick: "pickB", fold: "foldedB" }), // prettier-ignore
    ];
    holder.append(...sides.map(({ column }) => column));
  }

  function facts({ accuracy, note }, layers) {
    const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
    const parts = [plural(layers.length, "layer"), plural(parameters, "parameter")];
    return [...(accuracy === null ? [] : [`${percent(accuracy)} right`]), ...parts, ...(note ? [note] : [])].join(" · ");
  }

  async function run() {
    const own = shown;
    const outputs = await network.run({ data: own.input.data, shape: inputShape });
    if (!outputs || own !== shown) return; // another image has come meanwhile
    ran = { shown: own, outputs };
    draw();
  }

  function draw() {
    const now = state.get();
    sides[0].render(ran.shown, now.off);
    sides[1].render({ ...ran.shown, outputs: ran.outputs }, new Map());
    for (const [number, button] of items)
      button.setAttribute("aria-pressed", String(now.source === "test" && now.image === number));
    sayBoth();
  }

  function sayBoth() {
    const { label } = ran.shown;
    const [a, b] = sides.map(({ probabilities }, i) => {
      const scores = scoresOf((i ? ran.outputs : ran.shown.outputs).at(-1), probabilities);
      const top = best(scores);
      return { top, sure: probabilities ? percent(scores[top]) : `score ${value(scores[top])}` };
    });
    const alike = a.top === b.top;
    const words = alike
      ? `Both say ${names[a.top]}: A with ${a.sure}, B with ${b.sure}.`
      : `A says ${names[a.top]} (${a.sure}), B says ${names[b.top]} (${b.sure}).`;
    verdict.textContent = label === null ? words : `${words} ${judged(alike, a.top === label, b.top === label, names[label])}`;
    verdict.classList.toggle("apart", !alike);
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

/** Whether a network's outputs are probabilities; if not, they are logits. */
export function endsInProbabilities(layers) {
  return ["softmax", "sigmoid"].includes(layers.at(-1).steps.at(-1)?.name);
}

function judged(alike, a, b, name) {
  if (alike) return a ? "That is right." : `That is wrong: it is ${name}.`;
  if (!a && !b) return `Both are wrong: it is ${name}.`;
  return `${a ? "A" : "B"} is right.`;
}

function howOften({ beside, count }) {
  const { apart, apartCount, rightApart } = beside;
  if (!count) return "There are no test images: draw one, and see what each makes of it.";
  const parts = [`They answer ${apartCount.toLocaleString("en")} of ${plural(count, "test image")} differently`];
  if (rightApart && apartCount) {
    const { first, second, neither } = rightApart;
    parts[0] += `: A is right on ${first} of them, B on ${second}, neither on ${neither}`;
  }
  if (apart.length < apartCount) parts.push(`These are the ${apart.length} that both are surest of`);
  return `${parts.join(". ")}.`;
}
