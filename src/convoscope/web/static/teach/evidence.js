// Where a picture has evidence for a class, over the picture.

const FOR = [217, 106, 10]; // the colours of numbers above and below zero, see shared/colour.js
const AGAINST = [38, 111, 186];
const MOST = 0.62; // of the cover where the evidence is strongest

/** Paints `evidence`, rows of numbers, over a canvas: orange for the class, blue against it, nothing at zero. */
export function paintEvidence(canvas, evidence) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const strongest = Math.max(...evidence.flat().map(Math.abs));
  if (!(strongest > 0)) return;
  const [height, width] = [canvas.height / evidence.length, canvas.width / evidence[0].length];
  evidence.forEach((row, y) =>
    row.forEach((value, x) => {
      const cover = (MOST * Math.abs(value)) / strongest;
      context.fillStyle = `rgb(${(value > 0 ? FOR : AGAINST).join(" ")} / ${cover.toFixed(3)})`;
      context.fillRect(x * width, y * height, width, height);
    }),
  );
}
