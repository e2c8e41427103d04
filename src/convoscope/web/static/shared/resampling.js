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
  const down = (each) => alongColumns(each, height, filter, box[1], box[3]);
  // Pillow begins with the axis along which the image shrinks.
  return width > image.width && height < image.height ? across(down(image)) : down(across(image));
}

const isWhole = (to, size, from, until) => to === size && from === 0 && until === size;
const rounded = (sum) => Math.floor((sum + 2 ** (BITS - 1)) / 2 ** BITS);

/** A camera's pictures need this many times a second: so each loop does only one thing. */
function alongRows(image, to, filter, from, until) {
  const { width, height, channels, data } = image;
  if (isWhole(to, width, from, until)) return image;
  const result = new Uint8ClampedArray(to * height * channels);
  const weights = Array.from({ length: to }, (_, i) => weightsOf(i, to, width, filter, from, until));
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0, made = channel; row < height; row++) {
      const start = row * width * channels + channel;
      for (let column = 0; column < to; column++, made += channels) {
        const { first, shares } = weights[column];
        let sum = 0;
        for (let k = 0, at = start + first * channels; k < shares.length; k++, at += channels) sum += data[at] * shares[k];
        result[made] = rounded(sum);
      }
    }
  }
  return { width: to, height, channels, data: result };
}

function alongColumns(image, to, filter, from, until) {
  const { width, height, channels, data } = image;
  if (isWhole(to, height, from, until)) return image;
  const line = width * channels;
  const result = new Uint8ClampedArray(to * line);
  const sums = new Float64Array(line);
  for (let row = 0; row < to; row++) {
    const { first, shares } = weightsOf(row, to, height, filter, from, until);
    sums.fill(0);
    for (let k = 0; k < shares.length; k++) {
      const [share, at] = [shares[k], (first + k) * line];
      for (let i = 0; i < line; i++) sums[i] += share * data[at + i];
    }
    for (let i = 0; i < line; i++) result[row * line + i] = rounded(sums[i]);
  }
  return { width, height: to, channels, data: result };
}

/** Which pixels the pixel `i` of `to` is made of: the first, and the share of each in units of 2 ** −22. */
function weightsOf(i, to, width, { reach, weight }, from, until) {
  const scale = Math.fround(until - from) / to; // Pillow subtracts in single precision
  const coarser = Math.max(scale, 1);
  const centre = from + (i + 0.5) * scale;
  const first = Math.max(0, Math.trunc(centre - reach * coarser + 0.5));
  const end = Math.min(width, Math.trunc(centre + reach * coarser + 0.5));
  const within = (distance) => (distance < reach ? weight(distance) : 0);
  const found = [];
  for (let x = first; x < end; x++) found.push(within(Math.abs((x - centre + 0.5) / coarser)));
  const sum = found.reduce((a, b) => a + b, 0);
  const shares = found.map((each) => Math.sign(each) * Math.floor(0.5 + (Math.abs(each) / sum) * 2 ** BITS));
  return { first, shares: Float64Array.from(shares) };
}
