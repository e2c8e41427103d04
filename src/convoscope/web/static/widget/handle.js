// The bar below the page by which its height is changed: dragged, or moved with the arrow keys.

const [LEAST, MOST, STEP] = [240, 2400, 40]; // pixels

/** The bar; `height()` is the page's, `onmove` hears of another one while it moves, `onend` when it is let go. */
export function createHandle({ height, onmove, onend }) {
  const bar = document.createElement("div");
  bar.className = "convoscope-handle";
  bar.tabIndex = 0;
  const attributes = { role: "separator", "aria-orientation": "horizontal", "aria-label": "Height of the page", "aria-valuemin": LEAST, "aria-valuemax": MOST }; // prettier-ignore
  for (const [name, value] of Object.entries(attributes)) bar.setAttribute(name, value);
  let from = null; // {y, height}

  const move = (wanted) => onmove(Math.round(Math.max(LEAST, Math.min(MOST, wanted))));
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    from = { y: event.clientY, height: height() };
    event.preventDefault(); // no text is selected meanwhile
    bar.focus();
  });
  bar.addEventListener("pointermove", (event) => from && move(from.height + event.clientY - from.y));
  for (const end of ["pointerup", "pointercancel"])
    bar.addEventListener(end, () => {
      if (from) onend();
      from = null;
    });
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook would go to another cell
    move(height() + by);
    onend();
  });
  return {
    bar,
    /** Says the height to those who do not see it. */
    render: (now) => bar.setAttribute("aria-valuenow", String(now)),
  };
}
