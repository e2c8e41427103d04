// The pictures while a window moves over the maps below: the window on each of them, and the map above as far as it is made.

import { token } from "../../shared/canvas.js";
import { h, setText } from "../../shared/dom.js";
import { createImageView } from "../../shared/image-view.js";

const CARRIED = 0.55; // of the time until the next window: how long a winner's value is under way
const FADED = 50; // of 255: how opaque a pixel stays that has become 0
const [SHORTEST, LONGEST] = [90, 500]; // milliseconds; what would be quicker is not shown

/** The pictures of the maps below, in `holder` before the map that is made, whose figure is `made`. */
export function createSweepView(holder, made) {
  const belows = [];
  const chip = h("span", { class: "carried", "aria-hidden": "true", hidden: true });
  holder.append(chip);

  function below(i) {
    if (belows[i]) return belows[i];
    const place = h("div", { class: "holder" });
    const caption = h("figcaption", {});
    const figure = h("figure", { class: "below" }, place, caption);
    holder.insertBefore(figure, made);
    return (belows[i] = { figure, caption, view: createImageView(place, { name: "Map below", most: Infinity }) });
  }

  return {
    /** Shows the windows `scenes` (sweep.js); `pictures` and `names` are those of the maps below. */
    show(scenes, pictures, names) {
      scenes.forEach(({ frame, points, winner, around }, i) => {
        const { figure, caption, view } = below(i);
        figure.hidden = false;
        view.show(padded(pictures[i], around));
        const at = (each) => ({ ...each, row: each.row + around.top, column: each.column + around.left });
        const one = (each) => ({ kind: "frame", ...at(each), rows: 1, columns: 1 });
        view.mark([...(frame ? [{ kind: "frame", ...at(frame) }] : []), ...points.map(one), ...(winner ? [one(winner)] : [])]);
        setText(caption, names[i]);
      });
      belows.forEach(({ figure }, i) => (figure.hidden ||= i >= scenes.length));
    },
    hide() {
      for (const { figure } of belows) figure.hidden = true;
    },
    /** Carries a winner's value over to its pixel of the map above, in part of the `time` until the next one. */
    carry({ winner, around }, position, shape, text, time) {
      const duration = Math.min(LONGEST, time * CARRIED);
      if (!winner || duration < SHORTEST) return;
      const { canvas } = belows[0].view;
      const sides = [canvas.height, canvas.width];
      const from = centre(holder, canvas, winner.row + around.top, winner.column + around.left, sides);
      const to = centre(holder, made.querySelector(".pixels"), position.row, position.column, shape);
      chip.textContent = text;
      chip.hidden = false;
      const at = ([x, y]) => `translate(${x}px, ${y}px) translate(-50%, -50%)`;
      const flight = chip.animate([{ transform: at(from) }, { transform: at(to) }], { duration, easing: "ease-in-out" });
      flight.onfinish = () => (chip.hidden = true);
    },
  };
}

/** The middle of a pixel of a canvas, in the holder: [x, y]. */
function centre(holder, canvas, row, column, [rows, columns]) {
  const [outer, box] = [holder.getBoundingClientRect(), canvas.getBoundingClientRect()];
  return [box.left - outer.left + ((column + 0.5) * box.width) / columns, box.top - outer.top + ((row + 0.5) * box.height) / rows];
}

/** A picture with its padding around it, in the colour of what is outside. */
function padded(picture, { top, left, bottom, right }) {
  if (!(top || left || bottom || right)) return picture;
  const image = new ImageData(picture.width + left + right, picture.height + top + bottom);
  const [from, to] = [new Uint32Array(picture.data.buffer), new Uint32Array(image.data.buffer)];
  to.fill(word(token("outside")));
  for (let row = 0; row < picture.height; row++)
    to.set(from.subarray(row * picture.width, (row + 1) * picture.width), (row + top) * image.width + left);
  return image;
}

/** A picture of which only the first `count` pixels are there yet; the rest is transparent. */
export function madeSoFar(picture, count) {
  const image = new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  new Uint32Array(image.data.buffer).fill(0, count);
  return image;
}

/** A picture of which those of the first `count` pixels have faded that `test(number)` is true of. */
export function faded(picture, count, test) {
  const image = new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  for (let i = 0; i < count; i++) if (test(i)) image.data[4 * i + 3] = FADED;
  return image;
}

/** "#rrggbb" as a pixel. */
function word(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
