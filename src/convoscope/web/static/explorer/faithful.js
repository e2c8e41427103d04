// "How faithful is this map?" below a heat map: deletion and insertion beside random orders, and the randomization check.

import { h, svg } from "../shared/dom.js";
import { areaPath, linePath } from "./curves.js";
import { NETWORKS, ORDERS, checkWords, curve, judged, similarity, spearman } from "./faithfulness.js";
import { termed } from "./terms.js";
import { percent } from "./words.js";
import { createWorking } from "./working.js";

const KEPT = 40; // results
const results = new Map(); // what a map is of, as a number -> {deletion, insertion, random, correlations}
const two = (number) => number.toFixed(2).replace("-", "−");

/**
 * The disclosure in `element`. `network` computes, `probabilities` says whether the main output has such, `names` are the
 * classes', and `of` says in the title which map is meant, as "this map".
 */
export function createFaithful({ network, names, probabilities, of = "this map" }) {
  const working = createWorking("Computing how faithful the map is", { onstop: halt, onagain: compute });
  const charts = { deletion: createChart("Deletion", "replaced"), insertion: createChart("Insertion", "inserted") };
  const said = h("p", { class: "sum" });
  const check = h("p", { class: "sum" });
  const problem = h("p", { class: "error" });
  const note = h(
    "p",
    { class: "note" },
    "Pixels are replaced by the mean of the image, the most important ones first. The grey band holds " +
      `${ORDERS} random orders. The rank correlation compares the map with those of ${NETWORKS} networks with random weights: near 0 is good.`,
  );
  const content = h("div", { class: "faithful-content", role: "group", "aria-label": `Faithfulness of ${of}` }, working.row, h("div", { class: "faithful-charts" }, charts.deletion.figure, charts.insertion.figure), said, check, problem, note); // prettier-ignore
  const summary = h("summary", {}, `How faithful is ${of}?`);
  const element = h("details", { class: "faithful", ontoggle: () => (element.open ? compute() : halt()) }, summary, content);
  let now = null; // {image, map, classIndex, scores, mapOf}
  let asked = 0;

  function halt() {
    asked++;
    working.end(false);
  }

  async function compute() {
    if (!now || !element.open) return;
    const own = ++asked;
    const about = now;
    const key = keyOf(about);
    problem.textContent = "";
    const found = results.get(key) ?? { deletion: null, insertion: null, random: [], correlations: [] };
    paint(found, about);
    if (results.has(key)) return working.end(true);
    working.begin(2 + ORDERS + NETWORKS);
    try {
      for await (const part of parts(network, about, probabilities)) {
        if (own !== asked) return; // stopped, or another map was chosen meanwhile
        take(found, part);
        working.step();
        paint(found, about);
      }
      const still = await about.mapOf(null); // else it is of another image or other weights, which are on their way here
      if (own !== asked || !same(still, about.map)) return;
      keep(key, found);
      working.end(true);
    } catch (error) {
      if (own !== asked) return;
      problem.textContent = error.message;
      working.end(false);
    }
  }

  function paint(found, { classIndex, map }) {
    const { deletion, insertion, random, correlations } = found;
    charts.deletion.render(deletion, random);
    charts.insertion.render(insertion, random.map((each) => [...each].reverse()));
    const whole = deletion && insertion && random.length === ORDERS;
    said.textContent = whole ? curveWords(judged(found), names[classIndex]) : "";
    if (correlations.length < NETWORKS) return check.replaceChildren();
    const alike = similarity(correlations);
    check.replaceChildren(...termed("Randomization check"), ": ", Number.isNaN(alike) ? "" : h("b", {}, `rank correlation ${two(alike)}. `), checkWords(alike, map.data.length)); // prettier-ignore
  }

  return {
    element,
    /**
     * Judges a map: `image` is {data, shape} as the network takes it, `map` is large where the evidence is, `scores` the main
     * output's values, and `mapOf(seed)` gives the same map of the network with random weights; null: of the network itself.
     */
    show(about) {
      const changed = !now || keyOf(about) !== keyOf(now);
      now = about;
      if (!changed) return;
      halt();
      paint({ deletion: null, insertion: null, random: [], correlations: [] }, about);
      compute();
    },
  };
}

/** What is computed, piece by piece: {kind, value}. */
async function* parts(network, about, probabilities) {
  for (const kind of ["deletion", "insertion", ...Array(ORDERS).keys()])
    yield { kind, value: await curve(network, { ...about, kind, probabilities }) };
  for (let seed = 1; seed <= NETWORKS; seed++) {
    const other = await about.mapOf(seed);
    yield { kind: "network", value: spearman(about.map.data, other.data) };
  }
}

function take(found, { kind, value }) {
  if (kind === "network") found.correlations.push(value);
  else if (typeof kind === "number") found.random.push(value);
  else found[kind] = value;
}

/** Both curves in words. */
export function curveWords({ falls, rises }, name) {
  const when = { 1: "sooner than", 0: "about as soon as", "-1": "later than" };
  return `When the pixels marked most are replaced, the probability of ${name} falls ${when[falls]} with random pixels. When they are inserted, it rises ${when[rises]} with random pixels.`;
}

/** A chart of one curve within the band of random ones. */
function createChart(title, done) {
  const [band, line] = ["gap", "validation"].map((kind) => svg("path", { class: kind }));
  const drawing = svg("svg", { viewBox: "0 -4 100 108", preserveAspectRatio: "none", role: "img" });
  drawing.append(band, line);
  const areas = h("span", {});
  const ends = h("p", { class: "ends" }, h("span", {}, "0 %"), h("span", {}, `of the pixels ${done}`), h("span", {}, "100 %"));
  const plot = h("div", { class: "plot" }, drawing, h("span", { class: "high" }, "100 %"), h("span", { class: "low" }, "0 %"));
  const figure = h("figure", { class: "curve" }, h("figcaption", {}, h("b", {}, termed(title)), areas), plot, ends);
  const points = (curve) => curve.map((value, i) => [(100 * i) / (curve.length - 1), 100 - 100 * value]);
  return {
    figure,
    render(curve, random) {
      line.setAttribute("d", curve ? linePath(points(curve)) : "");
      const at = (choose) => points(random[0].map((_, i) => choose(...random.map((each) => each[i]))));
      band.setAttribute("d", random.length ? areaPath(at(Math.max), at(Math.min)) : "");
      areas.textContent = curve && random.length ? areaWords(title, curve, random) : "";
      const words = curve ? `the probability goes from ${percent(curve[0])} to ${percent(curve.at(-1))}; ${areas.textContent}` : "not computed yet"; // prettier-ignore
      drawing.setAttribute("aria-label", `${title}: ${words}`);
    },
  };
}

function areaWords(title, curve, random) {
  const { deletion: own, chance } = judged({ deletion: curve, insertion: curve, random });
  return `area ${two(own)}, by chance ${two(chance)}: ${title === "Deletion" ? "lower" : "higher"} is better`;
}

function keep(key, found) {
  results.set(key, found);
  if (results.size > KEPT) results.delete(results.keys().next().value);
}

/** What tells a map from others: a number from the values of the image, the map and the scores. */
function keyOf({ image, map, classIndex, scores }) {
  let hash = 0x811c9dc5 ^ classIndex;
  for (const data of [image.data, map.data, scores]) {
    const bits = new Uint32Array(Float32Array.from(data).buffer);
    for (let i = 0; i < bits.length; i++) hash = Math.imul(hash ^ bits[i] ^ (bits[i] >>> 15), 0x01000193);
  }
  return `${hash} ${map.shape.join("×")}`;
}

const same = (one, other) => one.data.length === other.data.length && one.data.every((value, i) => value === other.data[i]);
