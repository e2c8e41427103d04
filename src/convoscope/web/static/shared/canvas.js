/** Sizes a canvas to its place on the page in device pixels; returns its context in CSS pixels, cleared. */
export function crisp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    [canvas.width, canvas.height] = [w, h];
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

const tokens = new Map(); // "theme name" -> value: canvases ask for them in every cell

/** A custom property of the theme, as canvases need it. */
export function token(name) {
  const { documentElement: root } = document;
  const key = `${root.dataset.theme} ${name}`;
  if (!tokens.has(key)) tokens.set(key, getComputedStyle(root).getPropertyValue(`--${name}`).trim());
  return tokens.get(key);
}

/** A frame that is seen on any image: the accent between two thin lines of paper. */
export function frame(context, x, y, width, height) {
  context.setLineDash([]);
  context.lineWidth = 4;
  context.strokeStyle = token("halo");
  context.strokeRect(x, y, width, height);
  context.lineWidth = 2;
  context.strokeStyle = token("accent");
  context.strokeRect(x, y, width, height);
}

/** A small triangle in the upper right corner of a cell. */
export function corner(context, x, y, cell, colour) {
  const size = Math.min(14, Math.max(3, cell * 0.28));
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x + cell - size, y);
  context.lineTo(x + cell, y);
  context.lineTo(x + cell, y + size);
  context.fill();
}
