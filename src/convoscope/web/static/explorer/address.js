// The state as the part of the address after #, safe against whatever somebody types there.
// #view=mistakes&image=17&layer=3&unit=812&cell=4,9&off=1:5,7&epoch=3&fold=0,4

const whole = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

/** The state as text for the address. Edited numbers and own images stay on this page. */
export function writeAddress({ view, source, image, place, unit, cell, off, folded, epoch = null }) {
  const parts = [];
  if (view !== "network") parts.push(`view=${view}`);
  if (source === "draw") parts.push("source=draw");
  else if (image !== null) parts.push(`image=${image}`);
  if (unit !== null) parts.push(`layer=${place + 1}`, `unit=${unit}`);
  if (cell) parts.push(`cell=${cell.join(",")}`);
  for (const [layer, channels] of off) if (channels.length) parts.push(`off=${layer}:${channels.join(",")}`);
  if (epoch !== null) parts.push(`epoch=${epoch}`);
  if (folded.length) parts.push(`fold=${folded.join(",")}`);
  return parts.join("&");
}

/** What a text says of the state; what it does not say, or says wrongly, is left out. */
export function readAddress(text) {
  const found = {};
  const off = new Map();
  for (const part of text.replace(/^#/, "").split("&")) {
    const [name, ...rest] = part.split("=");
    const told = rest.join("=");
    const numbers = told.split(/[:,]/).map(whole);
    const good = !numbers.includes(undefined);
    if (name === "view" && ["network", "mistakes"].includes(told)) found.view = told;
    else if (name === "source" && told === "draw") found.source = "draw";
    else if (name === "image" && good) found.image = numbers[0];
    else if (name === "layer" && good) found.place = numbers[0] - 1;
    else if (name === "unit" && good) found.unit = numbers[0];
    else if (name === "cell" && good && numbers.length === 2) found.cell = numbers;
    else if (name === "off" && good && numbers.length > 1) off.set(numbers[0], numbers.slice(1));
    else if (name === "epoch" && good) found.epoch = numbers[0];
    else if (name === "fold") found.folded = told.split(",").map(whole).filter((each) => each !== undefined); // prettier-ignore
  }
  if (off.size) found.off = off;
  return found;
}
