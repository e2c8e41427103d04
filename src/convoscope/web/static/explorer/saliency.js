// Saliency: how much each pixel, changed a little, would change the score of the prediction; beside an untrained network's.

import { h } from "../shared/dom.js";
import { extent, gradient, paint } from "../shared/scale.js";
import { theme } from "../shared/theme.js";
import { createFaithful } from "./faithful.js";
import { imageShape } from "./images.js";
import { value } from "./words.js";

/** The panel in `holder`; `network` answers. */
export function createSaliency(holder, { model, names, network, probabilities }) {
  const title = h("h3", {});
  const figures = h("div", { class: "side" });
  const note = h(
    "p",
    { class: "note" },
    "The gradient of the score with respect to each pixel. Orange: a brighter pixel raises the score. Blue: it lowers the score. " +
      "In a colour image the strongest of red, green and blue is shown. Each image has its own scale.",
  );
  const faithful = createFaithful({ network, names, probabilities, of: "the saliency map" });
  faithful.element.hidden = model.inputShapes.length > 1;
  holder.append(title, figures, note, faithful.element);
  let asked = 0;

  return {
    /** Shows the saliency of the class that was predicted, for the inputs of the network's last run. */
    async render(inputs, predicted, scores) {
      const images = inputs.flatMap(({ shape }, input) => (imageShape(shape) ? [input] : []));
      holder.hidden = !images.length;
      if (holder.hidden) return;
      const own = ++asked;
      figures.setAttribute("aria-busy", "true");
      const found = await Promise.all(
        images.map((input) =>
          Promise.all([true, false].map((trained) => network.saliency({ classes: [predicted], input, trained }))),
        ),
      );
      if (own !== asked) return; // another image was chosen meanwhile
      figures.setAttribute("aria-busy", "false");
      title.textContent = `Saliency for ${names[predicted]}`;
      const of = (input) => (inputs.length > 1 ? `, ${model.nameOf(input - model.first)}` : "");
      figures.replaceChildren(
        ...found.flatMap(([[trained], [untrained]], i) => [
          figure(`This network${of(images[i])}`, trained),
          figure(`Untrained${of(images[i])}`, untrained),
        ]),
      );
      if (faithful.element.hidden) return;
      faithful.show({
        image: { data: inputs[0].data, shape: model.inputShape },
        map: sizes(found[0][0][0]),
        classIndex: predicted,
        scores,
        mapOf: async (seed) => {
          const [gradients] = await network.saliency({ classes: [predicted], input: 0, trained: seed === null, seed: seed ?? 1 });
          return sizes(gradients);
        },
      });
    },
  };
}

/** At each pixel the gradient that is strongest among its colours, with its sign: (height, width, 1). */
export function strongest({ shape, data }) {
  const [height, width, channels] = imageShape(shape);
  const found = new Float32Array(height * width);
  data.forEach((each, i) => {
    const pixel = Math.floor(i / channels);
    if (Math.abs(each) > Math.abs(found[pixel])) found[pixel] = each;
  });
  return { shape: [height, width, 1], data: found };
}

/** At each pixel the size of the strongest gradient: what moves the score most counts most, up or down. */
function sizes(gradients) {
  const { shape, data } = strongest(gradients);
  return { shape, data: data.map(Math.abs) };
}

function figure(words, gradients) {
  const map = strongest(gradients);
  const { low, high } = extent(map);
  const limit = Math.max(Math.abs(low), Math.abs(high));
  const scale = { kind: "signed", limit: limit || 1 };
  const pixels = paint(map, scale, theme());
  const canvas = h("canvas", { width: pixels.width, height: pixels.height, role: "img", "aria-label": `Saliency, ${words}` });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const bar = h("div", { class: "bar" });
  bar.style.backgroundImage = gradient(scale, theme());
  const ends = limit ? [value(-limit), "0", value(limit)] : ["0 everywhere: no pixel changes the score"];
  return h(
    "figure",
    { class: "saliency" },
    canvas,
    bar,
    h("p", { class: "ends" }, ends.map((text) => h("span", {}, text))), // prettier-ignore
    h("figcaption", {}, words),
  );
}
