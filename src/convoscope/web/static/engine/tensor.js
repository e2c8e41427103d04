// A tensor is {data: Float32Array, shape}: (height, width, channels) for images and maps, (units) after Flatten.

/** A tensor of zeros, or over `data`, whose length must fit the shape. */
export function tensor(shape, data = new Float32Array(count(shape))) {
  if (data.length !== count(shape)) {
    throw new RangeError(`a tensor of shape (${shape.join(", ")}) has ${count(shape)} values, but got ${data.length}`);
  }
  return { data, shape };
}

/** How many values a shape holds. */
export function count(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

/** The tensor's shape, which must be (height, width, channels). */
export function imageShape(input, who) {
  if (input.shape.length !== 3) {
    throw new RangeError(`${who} expects (height, width, channels), and (${input.shape.join(", ")}) came`);
  }
  return input.shape;
}
