// Which map of the overview is meant: by the mouse, a finger or the arrow keys.

import { oncePerFrame } from "../../shared/dom.js";
import { ARROWS } from "../../shared/image-view.js";
import { mapAt } from "./layout.js";

/**
 * Watches `stage`. `layout()` gives what is laid out now; `show(point, {touch, spoke})` hears of another point {column, index, u, v}
 * or null, `open(point)` of a click or Enter, `silence(point)` of Delete, or a click with Shift.
 */
export function createPointing(stage, { layout, show, open, silence }) {
  let point = null;
  let how = {};
  const tell = oncePerFrame(() => show(point, how));

  function to(next, manner = {}) {
    point = next;
    how = manner;
    tell();
  }

  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return layout() && mapAt(layout(), event.clientX - box.left + stage.scrollLeft, event.clientY - box.top);
  };

  stage.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const found = at(event);
    if (found || point) to(found);
    stage.style.cursor = found ? "zoom-in" : "";
  });
  stage.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && to(null));
  stage.addEventListener("blur", () => to(null));
  stage.addEventListener("click", (event) => {
    const found = at(event);
    if (event.pointerType === "touch") return to(found, { touch: true });
    if (found && event.shiftKey) silence(found);
    else if (found) open(found);
  });
  stage.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return to(null);
    if (event.key === "Enter" && point) return open(point);
    if (["Delete", "Backspace"].includes(event.key) && point) return silence(point);
    if (!ARROWS[event.key] || !layout()) return;
    event.preventDefault();
    to(next(ARROWS[event.key]), { spoke: true });
  });

  /** The next map in a direction; the first one at the beginning. */
  function next([rows, columns]) {
    const { columns: all, down } = layout();
    if (!point) return { column: all[0], index: 0, u: 0.5, v: 0.5 };
    const [along, across] = down ? [rows, columns] : [columns, rows];
    const order = [...all].sort((a, b) => (down ? a.box[1] - b.box[1] || a.box[0] - b.box[0] : a.box[0] - b.box[0] || a.box[1] - b.box[1]));
    const column = order[Math.max(0, Math.min(order.length - 1, order.indexOf(point.column) + along))];
    const last = column.boxes.length - 1;
    const index = Math.max(0, Math.min(last, point.index + across));
    return { ...point, column, index };
  }

  return {
    point: () => point,
    /** Shows the same point of what has been computed anew. */
    again: () => point && tell(),
    /** The layout is another. */
    forget: () => point && to(null),
  };
}
