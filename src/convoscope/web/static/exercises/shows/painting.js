// What has colours of the theme's is painted again when the theme changes.

const painters = new Map(); // element -> what paints it

/** Paints an element, now and whenever the colours change as long as it is on the page. */
export function painted(element, paint) {
  painters.set(element, paint);
  paint();
  return element;
}

/** Paints all that is on the page again. */
export function repaint() {
  for (const [element, paint] of painters) {
    if (element.isConnected) paint();
    else painters.delete(element);
  }
}
