// Where the tour's card goes: beside what it points at, and never over it where there is room; then not over what else it
// speaks of.

const GAP = 18; // CSS pixels between both

/**
 * The place {left, top} of a card {width, height} in a window {width, height}, beside a target {left, top, right, bottom};
 * without one, at the middle of the lower edge. `besides`: further boxes that it leaves free, if it can.
 */
export function placed(card, target, window, besides = []) {
  const most = { left: window.width - card.width - GAP, top: window.height - card.height - GAP };
  const inside = ({ left, top }) => ({ left: clamp(left, GAP, most.left), top: clamp(top, GAP, most.top) });
  if (!target) return inside({ left: (window.width - card.width) / 2, top: most.top });
  const middle = { left: (target.left + target.right - card.width) / 2, top: (target.top + target.bottom - card.height) / 2 };
  const beside = [
    { left: target.right + GAP, top: middle.top },
    { left: target.left - GAP - card.width, top: middle.top },
    { left: middle.left, top: target.bottom + GAP },
    { left: middle.left, top: target.top - GAP - card.height },
  ].map(inside);
  const corners = [most.left, GAP].flatMap((left) => [most.top, GAP].map((top) => inside({ left, top })));
  const cost = (place) => [shared(place, card, target), besides.reduce((sum, box) => sum + shared(place, card, box), 0)];
  const isLess = ([a, b], [c, d]) => a < c || (a === c && b < d);
  const [best] = [...beside, ...corners].map((place) => [place, cost(place)]).reduce((least, each) => (isLess(each[1], least[1]) ? each : least));
  return best;
}

/** How much of a target a card covers, in square pixels. */
function shared({ left, top }, { width, height }, target) {
  const across = Math.min(left + width, target.right) - Math.max(left, target.left);
  const down = Math.min(top + height, target.bottom) - Math.max(top, target.top);
  return Math.max(0, across) * Math.max(0, down);
}

const clamp = (value, least, most) => Math.max(least, Math.min(value, Math.max(least, most)));
