// Colours of numbers. Negative is blue, positive is orange, zero is the paper: told apart with every common kind of
// colour blindness, and by lightness alone next to zero.

const STOPS = {
  light: {
    negative: [
      [255, 255, 255],
      [146, 190, 232],
      [38, 111, 186],
      [8, 56, 122],
    ],
    positive: [
      [255, 255, 255],
      [250, 190, 118],
      [217, 106, 10],
      [128, 52, 0],
    ],
  },
  dark: {
    negative: [
      [17, 20, 26],
      [24, 66, 118],
      [55, 133, 214],
      [176, 216, 255],
    ],
    positive: [
      [17, 20, 26],
      [112, 56, 10],
      [224, 122, 32],
      [255, 216, 170],
    ],
  },
};

/** Values below and above what a scale can show. */
export const CLIPPED = { below: [0, 104, 255], above: [255, 138, 0] };

const tables = Object.fromEntries(
  Object.entries(STOPS).map(([theme, { negative, positive }]) => {
    const table = new Uint8Array(511 * 3); // 255 is zero
    for (let i = -255; i <= 255; i++) table.set(between(i < 0 ? negative : positive, Math.abs(i) / 255), (i + 255) * 3);
    return [theme, table];
  }),
);

function between(stops, share) {
  const at = share * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  return stops[i].map((from, k) => Math.round(from + (stops[i + 1][k] - from) * (at - i)));
}

/** The zero-centred colour of `value` on a scale from -limit to +limit. */
export function diverging(value, limit, theme) {
  const at = (255 + Math.round(Math.max(-1, Math.min(1, limit ? value / limit : 0)) * 255)) * 3;
  return tables[theme].subarray(at, at + 3);
}

/** The whole table of 511 colours, for painting many pixels. */
export function divergingTable(theme) {
  return tables[theme];
}

export function css([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}

/** Black or white, whichever can be read on this colour (WCAG's relative luminance). */
export function ink([r, g, b]) {
  const linear = (c) => (c <= 10 ? c / 3295 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) > 0.179 ? "#000000" : "#ffffff";
}
