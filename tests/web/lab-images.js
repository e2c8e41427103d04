// Images and a kernel whose results are worked out by hand.
export const image = (rows) => ({ shape: [rows.length, rows[0].length, 1], data: Float32Array.from(rows.flat()) });
export const LESSON = image([
  [0, 64, 128],
  [48, 192, 144],
  [42, 226, 168],
]);
export const SLIDE = [
  [-1, 0, -2],
  [0.5, 4.5, -1.5],
  [1.5, 2, -3],
];
