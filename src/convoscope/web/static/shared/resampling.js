// Images of 8 bits at another size, as Pillow resizes them: each new pixel is a weighted mean, rounded after each axis.

const BITS = 22; // of a weight's fraction, as in Pillow
const lanczos = (x) => (x === 0 ? 1 : (Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 3) * 3) / (Math.PI * x) ** 2);

/** name -> {reach, weight(x)}: how far a filter reaches, in pixels of the coarser image, and its weights within. */
export const FILTERS = {
  bilinear: { reach: 1, weight: (x) => 1 - x },
  bicubic: { reach: 2, weight: (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2) },
  lanczos: { reach: 3, weight: lanczos },
};

/**
 * The part `box` (left, top, right, bottom; fractions of pixels count) of an image {width, height, channels, data} at
 * the size `width`, `height`.
 */
export function resized(image, { width, height }, filter, box = [0, 0, image.width, image.height]) {
  const across = (each) => alongRows(each, width, filter, box[0], box[2]);
  const down = (each) => turned(alongRows(turned(each), height, filter, box[1], box[3]));
  // Pillow begins with the axis along which the image shrinks.
  return width > image.width && height < image.height ? across(down(image)) : down(across(image));
}

function alongRows({ width, height, channels, data }, to, filter, from, until) {
  if (to === width && from === 0 && until === width) return { width, height, channels, data };
  const result = new Uint8ClampedArray(to * height * channels);
  const weights = Array.from({ length: to }, (_, i) => weightsOf(i, to, width, filter, from, until));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < to; column++) {
      const { first, shares } = weights[column];
      for (let channel = 0; channel < channels; channel++) {
        let sum = 2 ** (BITS - 1);
        let at = (row * width + first) * channels + channel;
        for (const share of shares) {
          sum += data[at] * share;
          at += channels;
        }
        result[(row * to + column) * channels + channel] = Math.floor(sum / 2 ** BITS);
      }
    }
  }
  return { width: to, height, channels, data: result };
}

/** Which pixels the pixel `i` of `to` is made of: the first, and the share of each in units of 2 ** −22. */
function weightsOf(i, to, width, { reach, weight }, from, until) {
  const scale = (until - from) / to;
  const coarser = Math.max(scale, 1);
  const centre = from + (i + 0.5) * scale;
  const first = Math.max(0, Math.trunc(centre - reach * coarser + 0.5));
  const end = Math.min(width, Math.trunc(centre + reach * coarser + 0.5));
  const within = (distance) => (distance < reach ? weight(distance) : 0);
  const found = [];
  for (let x = first; x < end; x++) found.push(within(Math.abs((x - centre + 0.5) / coarser)));
  const sum = found.reduce((a, b) => a + b, 0);
  return { first, shares: found.map((each) => Math.sign(each) * Math.floor(0.5 + (Math.abs(each) / sum) * 2 ** BITS)) };
}

function turned({ width, height, channels, data }) {
  const result = new Uint8ClampedArray(data.length);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let channel = 0; channel < channels; channel++)
        result[(column * height + row) * channels + channel] = data[(row * width + column) * channels + channel];
  return { width: height, height: width, channels, data: result };
}
