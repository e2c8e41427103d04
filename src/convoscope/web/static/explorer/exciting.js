// "What excites this filter": pictures made from noise, beside what excites it most among real images.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { imageShape, picture } from "./images.js";
import { STEPS, ascent, cut, jitterOf, middleOf } from "./maximize.js";
import { reach } from "./reach.js";
import { mark } from "./terms.js";
import { heading, imagesOf, value } from "./words.js";
import { createWorking } from "./working.js";

const SEEDS = 3;
const IMAGES = 200; // real ones at most, from all over the collection
const AT_ONCE = 8; // of them in a message
const SHOWN = 6;
const SIDE = 92; // CSS pixels

/** The disclosure in `element`; `network` computes, `collection` has real images, `state` the network's changes. */
export function createExciting({ model, explorer, network, collection, state }) {
  const working = createWorking("Searching for what excites the filter", { onstop: halt, onagain: compute });
  const made = h("div", { class: "side" });
  const real = h("div", { class: "side" });
  const realTitle = h("h3", {}, `${heading(imagesOf(explorer))} with the largest values`);
  const said = h("p", { class: "sum" });
  const problem = h("p", { class: "error" });
  const note = h(
    "p",
    { class: "note" },
    "Activation maximization: noise is changed step by step so that the value in the middle of the map grows. The pictures show what the " +
      "filter responds to. Real images never look like that, so trust the patches of real images more.",
  );
  const content = h("div", { class: "exciting-content" }, working.row, h("h3", {}, "Pictures made from noise, and the values that they reach"), made, realTitle, real, said, problem, note); // prettier-ignore
  const summary = h("summary", {});
  const element = h("details", { class: "exciting", hidden: true, ontoggle: () => (element.open ? compute() : halt()) }, summary, content);
  const [range] = explorer.ranges;
  const found = new Map(); // "position channel" -> what was found, of the network as it is
  const shapes = [imageShape(model.inputShape) ?? model.inputShape, ...model.shapes.slice(model.first)];
  let stamp = []; // the changes that `found` belongs to
  let now = null; // {position, channel}
  let asked = 0;
  mark(note);

  function halt() {
    asked++;
    working.end(false);
  }

  async function compute() {
    if (!now || !element.open) return;
    const own = ++asked;
    const { key, position, channel } = now;
    const got = found.get(key) ?? { pictures: [], patches: [], peaks: [], whole: false };
    found.set(key, got);
    problem.textContent = "";
    paint(got);
    if (got.whole) return working.end(true);
    Object.assign(got, { pictures: [], patches: [], peaks: [] });
    const images = chosen();
    working.begin(SEEDS * (STEPS + 1) + Math.ceil(images.length / AT_ONCE));
    const current = () => own === asked;
    try {
      for (let seed = 0; seed < SEEDS && current(); seed++) {
        await grow(got, { position, channel, seed }, current);
        if (!seed && current()) await compare(got, { position, channel, images }, current);
      }
      if (!current()) return;
      got.whole = true;
      paint(got);
      working.end(true);
    } catch (error) {
      if (!current()) return;
      problem.textContent = error.message;
      working.end(false);
    }
  }

  /** Makes the picture of a seed, and shows it on the way unless movement is not wanted. */
  async function grow(got, { position, channel, seed }, current) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const unit = middleOf(model.shapes[position + model.first], channel);
    const box = seen(position, unit);
    const jitter = jitterOf(box ?? { rows: shapes[0][0], columns: shapes[0][1] });
    let step = 0;
    for await (const { image, value: reached } of ascent(network, { position, unit, shape: model.inputShape, range, jitter, seed })) {
      if (!current()) return;
      got.pictures[seed] = { image: cut(image, box), reached, done: ++step > STEPS };
      working.step();
      if (!calm || step > STEPS) paint(got);
    }
  }

  /** Finds what excites the channel most among real images. */
  async function compare(got, { position, channel, images }, current) {
    for (let i = 0; i < images.length; i += AT_ONCE) {
      const some = images.slice(i, i + AT_ONCE);
      const [values, units] = await network.peaks({ position, channel, images: some });
      if (!current()) return;
      some.forEach((image, at) => got.peaks.push({ image, reached: values.data[at], unit: units.data[at] }));
      working.step();
    }
    got.peaks.sort((a, b) => b.reached - a.reached);
    got.patches = got.peaks.slice(0, SHOWN).map(({ image, reached, unit }) => ({ image: cut(image, seen(position, unit)), reached, number: image.number }));
    paint(got);
  }

  /** What of the image a value sees; null for all of it. */
  function seen(position, unit) {
    const [box] = reach(model, shapes, position, unit);
    return box?.unit === undefined ? (box ?? null) : null;
  }

  /** Real images from all over the collection. */
  function chosen() {
    const count = Math.min(IMAGES, collection.count);
    return Array.from({ length: count }, (_, i) => collection.tensor(Math.floor((i * collection.count) / count)));
  }

  function paint({ pictures, patches, peaks, whole }) {
    made.replaceChildren(...pictures.map(({ image, reached, done }, seed) => figure(image, done ? value(reached) : "…", `seed ${seed}`, `A picture made from noise, number ${seed}`))); // prettier-ignore
    real.replaceChildren(...patches.map(({ image, reached, number }) => figure(image, value(reached), `image ${number}`, `The part of ${explorer.part} image ${number} that excites it most`))); // prettier-ignore
    realTitle.hidden = !patches.length;
    said.textContent = whole ? words(pictures, peaks, explorer) : "";
  }

  function figure(image, reached, name, label) {
    const canvas = picture(image, range);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    const scale = SIDE / Math.max(canvas.width, canvas.height);
    canvas.style.width = `${Math.round(canvas.width * scale)}px`;
    return h("figure", { class: "excites" }, canvas, h("figcaption", {}, h("b", {}, reached), h("br"), name));
  }

  return {
    element,
    /** Says which value is chosen: the disclosure is about its channel. */
    show(position, channel) {
      const layer = model.layers[position];
      const shape = model.shapes[position + model.first];
      const kernel = layer && Object.keys(layer.weights).some((name) => name.endsWith("kernel"));
      const fits = kernel && model.first === 1 && imageShape(model.inputShape) && [1, 3].includes(shape.length);
      element.hidden = !fits;
      if (!fits) return halt();
      const { off, edits, epoch } = state.get();
      const changed = [off, edits, epoch].some((each, i) => each !== stamp[i]);
      if (changed) {
        stamp = [off, edits, epoch];
        found.clear();
      }
      const key = `${position} ${channel}`;
      if (key === now?.key && !changed) return;
      now = { key, position, channel };
      summary.textContent = `What excites this ${shape.length === 3 ? "filter" : "neuron"}?`;
      halt();
      paint({ pictures: [], patches: [], peaks: [], whole: false });
      compute();
    },
    hide: () => {
      element.hidden = true;
      halt();
    },
  };
}

/** How far the pictures come, and the real images. */
export function words(pictures, peaks, { part }) {
  if (!peaks.length) return "There are no images to compare with.";
  const most = Math.max(...pictures.map((each) => each.reached));
  const below = peaks.filter((each) => each.reached < most).length;
  const share = below < peaks.length ? `${below.toLocaleString("en")} of them.` : "all of them: no real image excites it so much.";
  return `The strongest of ${plural(peaks.length, `${part} image`)} reaches ${value(peaks[0].reached)}. The best picture reaches ${value(most)}, more than ${share}`;
}
