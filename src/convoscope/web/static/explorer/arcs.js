// Shortcuts of a graph: arcs beside the cards, from the layer whose values are taken to the one that takes them.

const STEP = 11; // pixels from one lane to the next
const SPACE = "http://www.w3.org/2000/svg";

/** The lane of each pair [from, to] of heights on the page: those that overlap have lanes of their own, short ones within. */
export function lanesOf(pairs) {
  const lanes = pairs.map(() => 0);
  const taken = []; // of each lane: the stretches in it
  const order = pairs.map((_, i) => i).sort((a, b) => length(pairs[a]) - length(pairs[b]));
  for (const i of order) {
    const [low, high] = ends(pairs[i]);
    let lane = 0;
    while (taken[lane]?.some(([from, to]) => low < to && from < high)) lane++;
    (taken[lane] ??= []).push([low, high]);
    lanes[i] = lane;
  }
  return lanes;
}

const ends = ([a, b]) => [Math.min(a, b), Math.max(a, b)];
const length = ([a, b]) => Math.abs(a - b);

/**
 * Arcs in the gutter at the left of `holder`, drawn anew whenever the cards move; `pairs` are [from, to] as `cardOf` takes
 * them, `nameOf` names them. `isClosed` says that the card is a closed block's: what stays within one is not drawn.
 */
export function createArcs(holder, { pairs, cardOf, isClosed, nameOf }) {
  if (!pairs.length) return { light() {} };
  const svg = document.createElementNS(SPACE, "svg");
  svg.setAttribute("class", "arcs");
  svg.setAttribute("aria-hidden", "true"); // the cards say it in words
  const paths = pairs.map(([from, to]) => {
    const path = document.createElementNS(SPACE, "path");
    const title = document.createElementNS(SPACE, "title");
    title.textContent = `${nameOf(from)} → ${nameOf(to)}`;
    path.append(title);
    svg.append(path);
    return path;
  });
  holder.prepend(svg);
  holder.classList.add("with-arcs");
  new ResizeObserver(draw).observe(holder);

  function draw() {
    const box = holder.getBoundingClientRect();
    const ends = pairs.map((pair) => pair.map(cardOf));
    const sides = ends.map((cards) => cards.map((card) => card.getBoundingClientRect()));
    // An arc into a closed block goes around it: what comes behind the shortcut is at its upper end.
    const heights = sides.map(([from, to], i) => [
      from.top - box.top + 9,
      isClosed(pairs[i][1]) ? to.top - box.top + 9 : to.bottom - box.top - 9,
    ]);
    const lanes = lanesOf(heights);
    const room = (Math.max(...lanes) + 1) * STEP + 8;
    holder.style.setProperty("--gutter", `${room}px`);
    svg.setAttribute("width", box.width);
    svg.setAttribute("height", box.height);
    paths.forEach((path, i) => {
      path.style.display = ends[i][0] === ends[i][1] ? "none" : "";
      const [[low, high], [from, to]] = [heights[i], sides[i].map((side) => side.left - box.left)];
      const x = room - 6 - lanes[i] * STEP - 4;
      const turn = Math.min(8, Math.abs(low - high) / 2);
      const way = Math.sign(high - low) * turn;
      path.setAttribute(
        "d",
        `M${from} ${low}H${x + turn}Q${x} ${low} ${x} ${low + way}V${high - way}Q${x} ${high} ${x + turn} ${high}H${to - 5}` +
          `m-3 -3.5l5 3.5l-5 3.5`,
      );
    });
  }

  return {
    /** Lights the arcs of one card, or of none. */
    light: (each) => paths.forEach((path, i) => path.classList.toggle("lit", pairs[i].includes(each))),
  };
}
