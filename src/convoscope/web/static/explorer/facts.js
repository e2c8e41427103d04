// What the model is, in a line, and how well it does.

import { plural } from "../shared/format.js";
import { termed } from "./terms.js";
import { sizeOf } from "./words.js";

/** A function that writes the line into `holder`; what it takes is what Python has measured of the epoch that is shown. */
export function createFacts(holder, { model, explorer, measure }) {
  return (told) => {
    const sizes = model.inputShapes.map(sizeOf).join(" and ");
    const facts = [plural(model.layers.length, "layer"), plural(model.parameters, "parameter"), `images ${sizes}`];
    if (explorer.made) facts.unshift(explorer.made);
    const measured = measure.words(told);
    if (measured) facts.push(`${measured} on ${plural(explorer.count, `${explorer.part} image`)}`);
    const whole = facts.map((fact) => fact.replaceAll(" × ", "\u00a0×\u00a0").replaceAll(" %", "\u00a0%")); // in one line each
    holder.replaceChildren(...termed(whole.join("\u00a0· ")));
  };
}
