// Why a class: where in the photo the evidence is, which features speak for it, and which training photos are nearest.

import { byId, select } from "../shared/dom.js";
import { best, scoresOf } from "./prediction.js";
import { createFeatureList } from "./feature-list.js";
import { createNearest } from "./nearest.js";
import { createWhere } from "./where.js";

const PREDICTED = "prediction";

/** The view's cards; `probabilities` says whether the main output has such. */
export function createWhy({ explorer, model, network, probabilities, askForPictures, say }) {
  const { names, range } = explorer;
  const where = createWhere(byId("why-where"), { model, names, range, network, probabilities, say });
  const features = createFeatureList(byId("why-features"), { model, explorer, network, askForPictures, say });
  const nearest = createNearest(byId("why-nearest"), { explorer, askForPictures });
  const options = [[PREDICTED, "The prediction"], ...names.map((name, i) => [i, name])];
  const chooser = select("Class", options, () => shown && render(), { id: "why-class" });
  byId("why-title").after(chooser.field);
  let shown = null;

  function render() {
    const predicted = best(scoresOf(shown.outputs[model.main], probabilities));
    chooser.control.options[0].textContent = `The prediction: ${names[predicted]}`;
    const told = chooser.control.value;
    const classIndex = told === PREDICTED ? predicted : Number(told);
    byId("features-title").textContent = `Which features support ${names[classIndex]}`;
    where.render(shown.inputs, classIndex, shown.outputs[model.main].data);
    features.render(shown, classIndex);
  }

  return {
    /** Shows a run: {given, inputs, outputs}; the same one again only in other colours. */
    render(run) {
      if (run === shown) return where.repaint();
      shown = run;
      render();
      nearest.render(run.given[0]);
    },
  };
}
