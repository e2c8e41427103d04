// From a map of the overview into its layer: the stage grows around the map until the other view takes over.

const TIME = 260; // milliseconds
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Grows `stage` around a box [x, y, width, height] of it, and then goes on with `done`. */
export function zoomInto(stage, [x, y, width, height], done) {
  if (calm.matches) return done();
  stage.style.transformOrigin = `${x + width / 2 - stage.scrollLeft}px ${y + height / 2}px`;
  const growing = stage.animate([{ transform: "none", opacity: 1 }, { transform: "scale(2.6)", opacity: 0 }], { duration: TIME, easing: "ease-in" });
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    done();
  };
  growing.finished.then(end, end);
  setTimeout(end, 2 * TIME); // a page in the background plays nothing
}
