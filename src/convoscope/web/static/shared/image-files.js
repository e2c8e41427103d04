// Images from files, addresses and canvases, as tensors of 0..255.

export const LARGEST_SIDE = 512;
export const MOST_MEGAPIXELS = 64;
const MOST_PIXELS = 1 << 22; // of a larger image the browser makes a smaller one

/** A person's file as {tensor, note}; an error in words where it is none that the page can use. */
export async function fromFile(file) {
  const address = URL.createObjectURL(file);
  try {
    return await fromAddress(address, file.name);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The image at an address. */
export async function fromAddress(address, name) {
  const image = await loaded(address, name);
  return fromCanvas(image, image.naturalWidth, image.naturalHeight);
}

/**
 * An image file's pixels {width, height, data: RGBA}, upright, with a grey behind transparent parts; of a large image those of
 * a smaller one. `full`: [width, height] as in the file.
 */
export async function pixelsOf(file, name, background) {
  const address = URL.createObjectURL(file);
  try {
    const image = await loaded(address, name);
    const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (image.naturalWidth * image.naturalHeight)));
    const [width, height] = [image.naturalWidth, image.naturalHeight].map((side) => Math.max(1, Math.round(side * scale)));
    const { data } = drawn(image, width, height, `rgb(${background} ${background} ${background})`);
    return { width, height, data, full: [image.naturalWidth, image.naturalHeight] };
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function loaded(address, name) {
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
  } catch {
    throw new RangeError(`“${name}” is not an image that this browser can read. Give a PNG, JPEG, WebP or GIF file.`);
  }
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  if (width * height > MOST_MEGAPIXELS * 1e6) {
    throw new RangeError(
      `“${name}” has ${width}×${height} pixels, ${Math.round((width * height) / 1e6)} megapixels, but the page takes at most ` +
        `${MOST_MEGAPIXELS}. Scale it down, or filter it on the command line: convoscope filter.`,
    );
  }
  return image;
}

/**
 * Anything that a canvas can draw as {tensor, note}; long sides are scaled to LARGEST_SIDE, transparent parts lie on white. The
 * tensor of a scaled image has `full`: [height, width] before that.
 */
export function fromCanvas(source, width, height) {
  const scale = Math.min(1, LARGEST_SIDE / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const note = scale < 1 ? `The image of ${width}×${height} pixels was scaled to ${w}×${h}.` : "";
  const tensor = fromPixels(drawn(source, w, h, "#fff"));
  return { tensor: scale < 1 ? { ...tensor, full: [height, width] } : tensor, note };
}

function drawn(source, width, height, behind) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = behind;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function fromPixels({ data, width, height }) {
  const rgb = new Float32Array(width * height * 3);
  let coloured = false;
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    [rgb[to], rgb[to + 1], rgb[to + 2]] = [data[from], data[from + 1], data[from + 2]];
    coloured ||= data[from] !== data[from + 1] || data[from] !== data[from + 2];
  }
  if (coloured) return { shape: [height, width, 3], data: rgb };
  return { shape: [height, width, 1], data: Float32Array.from({ length: width * height }, (_, i) => rgb[3 * i]) };
}

/** A colour image as grey, with the weights that Pillow's convert("L") has. */
export function toGrey({ shape, data }) {
  if (shape[2] === 1) return { shape, data };
  const grey = new Float32Array(shape[0] * shape[1]);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = Math.floor((data[3 * i] * 19595 + data[3 * i + 1] * 38470 + data[3 * i + 2] * 7471 + 32768) / 65536);
  }
  return { shape: [shape[0], shape[1], 1], data: grey };
}
