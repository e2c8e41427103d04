// Where the image comes from: the test images by class, a drawing, or a file.

import { h, select } from "../shared/dom.js";
import { fromFile, toGrey } from "../shared/image-files.js";
import { createDrawing, toRange } from "./drawing.js";
import { habits, imageShape, paintImage } from "./images.js";

const SHOWN = 18; // of a class

/** The panel in `holder`; `onimage(tensor, {number, label})` hears of every image. `state` has `source` and `image`. */
export function createSource(holder, { collection, explorer, inputShape, state, onimage, say }) {
  const { names, range, edge } = explorer;
  const shape = imageShape(inputShape);
  const kinds = [
    ...(collection.count ? [["test", "Test images"]] : []),
    ...(shape ? [["draw", "Draw"], ["file", "Open…"]] : []), // prettier-ignore
  ];
  const file = h("input", { type: "file", accept: "image/*", class: "visually-hidden", tabIndex: -1, "aria-label": "Image file" }); // prettier-ignore
  const buttons = kinds.map(([kind, text]) =>
    h(
      "button",
      {
        type: "button",
        dataset: { kind },
        onclick: () => (kind === "file" ? file.click() : state.change({ source: kind })),
      },
      text,
    ),
  );
  const classes = select(
    "Class",
    names.map((name, i) => [i, name]).filter(([i]) => collection.ofClass(i).length),
    (text) => state.change({ image: collection.number(collection.ofClass(Number(text))[0]) }),
    { id: "class" },
  );
  const thumbnails = h("div", { class: "thumbnails", role: "group", "aria-label": "Images of this class" });
  const test = h("div", { class: "test" }, classes.field, thumbnails);
  const draw = h("div", { class: "draw" });
  const own = h("p", { class: "note" });
  holder.append(h("div", { class: "segments", role: "group", "aria-label": "Image" }, buttons), file, test, draw, own);
  let drawing = null;
  let opened = null;

  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    file.value = "";
    if (!chosen) return;
    try {
      const { tensor } = await fromFile(chosen);
      opened = { tensor: fit(tensor, shape, range, inputShape), name: chosen.name };
      state.change({ source: "file" });
    } catch (problem) {
      say(problem.message, "error");
    }
  });

  function startDrawing() {
    drawing ??= createDrawing(draw, {
      shape: inputShape,
      range,
      edge,
      usual: habits(collection, inputShape, range, edge),
      ondraw: (tensor) => state.get().source === "draw" && onimage(tensor, { number: null, label: null }),
    });
  }

  function show() {
    const { source, image } = state.get();
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.kind === source));
    test.hidden = source !== "test";
    draw.hidden = source !== "draw";
    own.hidden = source !== "file";
    if (source === "draw") startDrawing();
    if (source === "file") own.textContent = opened ? `${opened.name}, brought to the network's size.` : "";
    if (source === "test") showClass(collection.find(image));
  }

  function showClass(chosen) {
    const each = collection.label(chosen) ?? collection.predicted(chosen);
    classes.control.value = String(each);
    const some = collection.ofClass(each);
    const from = Math.max(0, Math.min(some.indexOf(chosen) - 4, some.length - SHOWN));
    thumbnails.replaceChildren(
      ...some.slice(from, from + SHOWN).map((i) =>
        thumbnailOf(collection, i, range, names, {
          pressed: i === chosen,
          onclick: () => state.change({ image: collection.number(i) }),
        }),
      ),
    );
  }

  return {
    show,
    /** Hands over the image that the state names. */
    give() {
      const { source, image } = state.get();
      if (source === "draw") drawing.tell();
      else if (source === "file" && opened) onimage(opened.tensor, { number: null, label: null });
      else {
        const i = collection.find(image);
        onimage(collection.tensor(i), { number: image, label: collection.label(i) });
      }
    },
  };
}

/** A button with a small image; a wrong answer is marked. */
export function thumbnailOf(collection, i, range, names, { pressed, onclick }) {
  const [label, predicted] = [collection.label(i), collection.predicted(i)];
  const wrong = label !== null && label !== predicted;
  const words = `Image ${collection.number(i)}: ${names[label ?? predicted]}${wrong ? `, taken for ${names[predicted]}` : ""}`;
  const tensor = collection.tensor(i);
  return h(
    "button",
    { type: "button", class: wrong ? "picture wrong" : "picture", "aria-label": words, title: words, "aria-pressed": String(pressed), onclick }, // prettier-ignore
    imageShape(tensor.shape) ? picture(tensor, range) : String(collection.number(i)),
  );
}

/** An image on a canvas of its own size. */
export function picture(tensor, range) {
  const image = paintImage(tensor, range);
  const canvas = h("canvas", { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** An image of any size as the network takes it: in proportion, the rest filled with the colour of its edges. */
function fit(tensor, [height, width, channels], range, inputShape) {
  const grey = channels === 1 ? toGrey(tensor) : tensor;
  const from = picture(grey, [0, 255]);
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = `rgb(${edgeColour(from).join(" ")})`;
  context.fillRect(0, 0, width, height);
  const scale = Math.min(width / from.width, height / from.height);
  const [w, h2] = [Math.max(1, Math.round(from.width * scale)), Math.max(1, Math.round(from.height * scale))];
  context.imageSmoothingQuality = "high";
  context.drawImage(from, Math.floor((width - w) / 2), Math.floor((height - h2) / 2), w, h2);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Float32Array(height * width * channels);
  for (let i = 0, to = 0; i < height * width; i++)
    for (let c = 0; c < channels; c++) values[to++] = toRange(data[4 * i + c] / 255, range);
  return { shape: inputShape, data: values };
}

function edgeColour(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const edges = [];
  for (let x = 0; x < width; x++) edges.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) edges.push(y * width, y * width + width - 1);
  return [0, 1, 2].map((c) => edges.map((i) => data[4 * i + c]).sort((a, b) => a - b)[edges.length >> 1]);
}
