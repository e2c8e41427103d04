// Which features speak for a class: what each adds to its logit, where in the photo it is, and in which training photos.

import { h } from "../shared/dom.js";
import { agreeing, decimal, gives, product as times, significant, sum as added } from "../shared/agreeing.js";
import { plural } from "../shared/format.js";
import { extent } from "../shared/scale.js";
import { contributions, featuresOf, mapOf, strongestOf } from "./features.js";
import { imageShape, picture } from "./images.js";
import { progress, untilKnown } from "./nearest.js";
import { overlay } from "./overlay.js";
import { percent, value } from "./words.js";

const SHOWN = 6;
const SIDE = 132; // CSS pixels

/** The card's content in `holder`; `network` fills in the values of layers, `askForPictures(address, question)` asks the running Python. */
export function createFeatureList(holder, { model, explorer, network, askForPictures, say }) {
  const { names, ranges } = explorer;
  const { first, layers, main } = model;
  const place = featuresOf(model);
  const sum = h("p", { class: "sum", id: "feature-sum" });
  const list = h("ol", { class: "features" });
  const note = h("p", { class: "note" });
  holder.append(sum, list, note);
  let asked = 0;

  async function show(run, classIndex) {
    if (!place) {
      note.textContent = "This network does not end in a dense layer, so there are no features to add up.";
      return;
    }
    const own = ++asked;
    holder.setAttribute("aria-busy", "true");
    try {
      const wanted = [place.features, place.maps].filter((value) => value !== null && value >= first);
      await network.fill(run.outputs, wanted.map((value) => value - first)); // prettier-ignore
      if (own !== asked) return; // another image was chosen meanwhile
      const best = write(run, classIndex);
      if (explorer.asks.includes("nearest") && best.length) {
        const question = { features: best };
        await untilKnown(() => askForPictures("ask/features", question), () => own === asked, showTraining); // prettier-ignore
      }
    } catch (problem) {
      if (own === asked) say(problem.message, "error");
    }
    if (own === asked) holder.setAttribute("aria-busy", "false");
  }

  /** Writes the sum and its largest terms; returns their features. */
  function write({ inputs, outputs }, classIndex) {
    const at = (number) => (number < first ? inputs[number] : outputs[number - first]);
    const features = at(place.features).data;
    const weights = layers[place.dense].weights;
    const { terms, bias, sum: total, logit } = contributions(weights, features, classIndex);
    const { best, more, theirs } = strongestOf(terms, SHOWN);
    const ours = best.reduce((all, feature) => all + terms[feature], 0);
    const against = terms.reduce((all, each) => all + Math.min(0, each), 0);
    const whole = agreeing(decimal(2), gives([total, bias], added, value));
    const part = agreeing(decimal(2), gives([ours, theirs, against], added, whole));
    const each = agreeing(decimal(2), gives(best.map((feature) => terms[feature]), added, part));
    sum.replaceChildren(
      `The ${features.length.toLocaleString("en")} features × their weights add up to ${whole(total)}; with the bias ${whole(bias)} that is the logit of `,
      h("b", {}, names[classIndex]),
      `: ${value(logit)}${shareOf(outputs[main], classIndex)}. `,
      `These ${best.length} add ${part(ours)}${more ? `, ${plural(more, "other")} ${part(theirs)}` : ""}, and the features that count against it ${part(against)}.`,
    );
    const maps = place.maps === null ? null : at(place.maps);
    const scale = Math.max(...best.map((feature) => terms[feature]), 1e-12);
    list.replaceChildren(...best.map((feature) => item(feature, { terms, features, weights, classIndex, maps, input: inputs[0], scale, each })));
    return best;
  }

  /** The probability that the network gives, behind the logit. */
  function shareOf(output, classIndex) {
    const ends = layers[main].steps.at(-1)?.name;
    if (!["softmax", "sigmoid"].includes(ends)) return "";
    const single = output.data.length === 1;
    const share = single ? (classIndex ? output.data[0] : 1 - output.data[0]) : output.data[classIndex];
    return `, of which ${ends} makes ${percent(share)}`;
  }

  function item(feature, { terms, features, weights, classIndex, maps, input, scale, each }) {
    const outputs = weights.kernel.shape[1];
    const weight = weights.kernel.data[feature * outputs + (outputs === 1 ? 0 : classIndex)];
    const style = agreeing(significant(value), gives([features[feature], weight], times, each));
    const against = outputs === 1 && !classIndex; // the single output speaks for the other class
    const words = `${style(features[feature])} × ${style(weight)} = ${against ? `−(${each(-terms[feature])})` : each(terms[feature])}`;
    const bar = h("i", { class: "fill positive" });
    bar.style.width = `${(100 * terms[feature]) / scale}%`;
    const seen = maps && imageShape(input.shape) ? overlaid(feature, maps, input) : null;
    return h(
      "li",
      { dataset: { feature: String(feature) } },
      seen,
      h(
        "div",
        { class: "term-of" },
        h("p", {}, h("b", {}, `Feature ${feature}`), ` ${words}`),
        h("span", { class: "track" }, bar),
        h("div", { class: "neighbours small" }),
      ),
    );
  }

  function overlaid(feature, maps, input) {
    const map = mapOf(maps, feature);
    const { low, high } = extent(map);
    const limit = Math.max(Math.abs(low), high, 1e-12);
    const label = `Where feature ${feature} is in the photo`;
    return h("div", { class: "heat" }, overlay(input, ranges[0], map, limit, { side: SIDE, label }));
  }

  function showTraining(found) {
    const { values, shape, features, labels } = found;
    const size = shape.reduce((a, b) => a * b, 1);
    for (const { feature, at, values: sizes } of features) {
      const slot = list.querySelector(`[data-feature="${feature}"] .neighbours`);
      slot?.replaceChildren(
        ...at.map((image, i) =>
          h(
            "figure",
            {},
            picture({ shape, data: values.subarray(image * size, (image + 1) * size) }, ranges[0]),
            h("figcaption", {}, labels ? h("b", {}, names[labels[image]]) : null, ` ${value(sizes[i])}`),
          ),
        ),
      );
    }
    note.textContent = `Below each feature: the training images in which it is largest. ${progress(found)}`;
  }

  return { render: show };
}
