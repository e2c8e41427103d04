// Two small images that need no file: numbers that one can follow by hand.

const FOUR = [
  "............",
  ".......##...",
  "......###...",
  ".....#+##...",
  "....#+.##...",
  "...#+..##...",
  "..#+...##...",
  "..#########.",
  "..+++++##++.",
  ".......##...",
  ".......##...",
  "............",
];

const grey = (rows) => ({ shape: [rows.length, rows[0].length, 1], data: Float32Array.from(rows.flat()) });

export const BUILT_IN = {
  four: {
    title: "A handwritten four, 12×12",
    make: () => grey(FOUR.map((row) => [...row].map((c) => ({ ".": 0, "+": 128, "#": 255 })[c]))),
  },
  lesson: {
    title: "Nine numbers: 192 and its neighbours",
    make: () =>
      grey([
        [0, 64, 128],
        [48, 192, 144],
        [42, 226, 168],
      ]),
  },
};
