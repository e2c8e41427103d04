// Two networks that predict classes: what both say of an image, and a list of those on which they disagree.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { best, endsInProbabilities, scoresOf } from "./prediction.js";
import { imageShape, picture } from "./images.js";
import { percent, value } from "./words.js";

const SHORT = 6; // letters of a name that has room in half the list

/** {aside: what stands below the image's source, card: what both say, render({label, runs: [{model, outputs}]})}. */
export function createBothClasses({ explorer, collection, inputShape, state }) {
  const { names, range, beside } = explorer;
  const list = h("ol", { class: names.some((name) => name.length > SHORT) ? "apart long" : "apart" });
  const card = h("p", { id: "both", class: "card both", role: "status" });
  const items = new Map(beside.apart.map((number) => [number, itemOf(number)]));
  list.append(...[...items.values()].map((button) => h("li", {}, button)));

  function itemOf(number) {
    const i = collection.find(number);
    const [label, a, b] = [collection.label(i), collection.opened(i), beside.predicted[i]];
    const said = (letter, each) =>
      h("span", {}, h("b", {}, letter), ` ${names[each]}${each === label ? " ✓" : ""}`);
    const words = `Image ${number}${label === null ? "" : `, ${names[label]}`}: `;
    return h(
      "button",
      { type: "button", onclick: () => state.change({ source: "test", image: number }) },
      h("span", { class: "visually-hidden" }, words),
      imageShape(inputShape) ? picture(collection.tensor(i), range) : String(number),
      h("span", { class: "said" }, said("A", a), said("B", b)),
    );
  }

  return {
    aside: [h("h2", {}, "Where they disagree"), h("p", { class: "note" }, howOften(explorer)), list],
    card,
    render({ label, runs }) {
      const now = state.get();
      for (const [number, button] of items)
        button.setAttribute("aria-pressed", String(now.source === "test" && now.image === number));
      const [a, b] = runs.map(({ model, outputs }) => {
        const probabilities = endsInProbabilities(model);
        const scores = scoresOf(outputs[model.main], probabilities);
        const top = best(scores);
        return { top, sure: probabilities ? percent(scores[top]) : `score ${value(scores[top])}` };
      });
      const alike = a.top === b.top;
      const words = alike
        ? `Both say ${names[a.top]}: A with ${a.sure}, B with ${b.sure}.`
        : `A says ${names[a.top]} (${a.sure}), B says ${names[b.top]} (${b.sure}).`;
      card.textContent = label === null ? words : `${words} ${judged(alike, a.top === label, b.top === label, names[label])}`;
      card.classList.toggle("apart", !alike);
    },
  };
}

function judged(alike, a, b, name) {
  if (alike) return a ? "That is right." : `That is wrong: it is ${name}.`;
  if (!a && !b) return `Both are wrong: it is ${name}.`;
  return `${a ? "A" : "B"} is right.`;
}

function howOften({ beside, count, part }) {
  const { apart, apartCount, rightApart } = beside;
  const images = plural(count, `${part} image`);
  if (!count) return "There are no images to compare on. Draw one to see what each model predicts.";
  if (apartCount === null) return `${images} are too many for networks of this size to compare before the page opens. Choose any of them.`; // prettier-ignore
  const parts = [`A and B disagree on ${apartCount.toLocaleString("en")} of ${images}`];
  if (rightApart && apartCount) {
    const { first, second, neither } = rightApart;
    parts[0] += `: A is right on ${first} of them, B on ${second}, neither on ${neither}`;
  }
  if (apart.length < apartCount) parts.push(`These are the ${apart.length} on which both are most confident`);
  return `${parts.join(". ")}.`;
}
