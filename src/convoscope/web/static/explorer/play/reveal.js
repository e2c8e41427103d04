// How a card's content comes: its maps one after the other, the answer's bars growing.

const MOST = 300; // maps that come one by one; of more, several at once

/** Starts what makes the content of a card come within `duration` milliseconds: its animations. */
export function revealing(card, duration) {
  const canvas = card.querySelector("canvas.maps");
  if (canvas?.dataset.columns) return [canvas.animate(mapByMap(Number(canvas.dataset.rows), Number(canvas.dataset.columns)), { duration })];
  return [...card.querySelectorAll(".prediction .fill")].map((bar) =>
    bar.animate([{ transform: "scaleX(0)" }, { transform: "scaleX(1)" }], { duration, easing: "ease-out" }),
  );
}

/** The keyframes in which a picture of rows × columns is seen cell by cell. */
export function mapByMap(rows, columns) {
  const count = rows * columns;
  const step = Math.ceil(count / MOST);
  const frames = [];
  for (let cell = 0; cell < count; cell += step) frames.push({ clipPath: seen(cell, rows, columns), offset: cell / count, easing: "step-end" });
  return [...frames, { clipPath: seen(count, rows, columns), offset: 1 }];
}

/** The part of the picture that the first cells take, as a polygon. */
function seen(cell, rows, columns) {
  const row = Math.floor(cell / columns);
  const [top, bottom, across] = [percent(row / rows), percent(Math.min(1, (row + 1) / rows)), percent((cell % columns) / columns)];
  return `polygon(0% 0%, 100% 0%, 100% ${top}, ${across} ${top}, ${across} ${bottom}, 0% ${bottom})`;
}

const percent = (share) => `${Math.round(1e4 * share) / 100}%`;
