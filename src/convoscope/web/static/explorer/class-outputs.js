// Networks whose output is a class: its bars, the verdict, the confusion matrix, and where the evidence is.
// image-outputs.js is the other kind of output; main.js takes one of the two.

import { byId } from "../shared/dom.js";
import { best, createPrediction, endsInProbabilities, scoresOf } from "./prediction.js";
import { createBothClasses } from "./beside-classes.js";
import { createEvidence } from "./evidence.js";
import { createCollection } from "./images.js";
import { createMistakes } from "./mistakes.js";
import { createNearest } from "./nearest.js";
import { createSaliency } from "./saliency.js";
import { createVerdict } from "./verdict.js";
import { createWhy } from "./why.js";
import { imagesOf, percent } from "./words.js";

/**
 * The kind of output, as the page takes it: {collection, measure, verdict, lastCard, mistakes, why, both}. `ask(address,
 * question)` asks the running Python, and so does `askForPictures`.
 */
export function createClassOutputs({ given, model, network, state, ask, askForPictures, say }) {
  const { explorer } = given;
  const { names, range } = explorer;
  const probabilities = endsInProbabilities(model);
  const collection = createCollection(given, model.inputShapes);
  const evidence = createEvidence(byId("evidence"), { model, names, range, network, probabilities });
  const saliency = createSaliency(byId("saliency"), { model, names, network, probabilities });
  const nearest = createNearest(byId("nearest"), { explorer, askForPictures });
  const parts = { matrix: byId("matrix"), shown: byId("cell-images") };
  const share = ({ accuracy = null }) => (accuracy === null ? null : percent(accuracy));

  return {
    collection,
    /** How well a network does: what is asked of Python, and what is told, in words; null where it is not known. */
    measure: {
      asks: "accuracy",
      title: `Accuracy on all ${imagesOf(given.explorer)}`,
      missing: "Accuracy is not available offline or without labelled images.",
      short: share,
      words: (told) => share(told) && `${share(told)} classified correctly`,
    },
    verdict: createVerdict({ explorer, model, probabilities, ask }),
    /** What the last card shows instead of maps. */
    lastCard: (of, onpick) => createPrediction(names, endsInProbabilities(of), onpick),
    mistakes: {
      ...createMistakes(parts, { collection, explorer, state, askForPictures }),
      /** Shows where the network looked in the image of a run. */
      look({ given, inputs, outputs, label }) {
        const { data: scores } = outputs[model.main];
        const predicted = best(scoresOf(outputs[model.main], probabilities));
        evidence.render(inputs, predicted, label, scores);
        saliency.render(inputs, predicted, scores);
        nearest.render(given[0]);
      },
    },
    why: model.first === 1 ? createWhy({ explorer, model, network, probabilities, askForPictures, say }) : null,
    both: () => createBothClasses({ explorer, collection, inputShape: model.inputShape, state }),
  };
}
