// Where the image comes from: the data set by class, a drawing, a file, or the camera.

import { createCamera } from "../shared/camera.js";
import { h, renew, select } from "../shared/dom.js";
import { OWN } from "./address.js";
import { createDrawing } from "./drawing.js";
import { habits, imageShape } from "./images.js";
import { keepOwn, keptOwn, prepared } from "./own-image.js";
import { heading, imagesOf } from "./words.js";

const SHOWN = 18; // of a class, or of all where there are no classes

/**
 * The panel in `holder`; `onimage(tensors, {number, label})` hears of every image: a tensor for each input of the
 * network. `label` is what should come out: the number of its class, or an image; null where it is not known. `state` has `source` and `image`.
 */
export function createSource(holder, { collection, explorer, model, state, onimage, say }) {
  const { names, range, edge } = explorer;
  const { inputShape } = model;
  const single = model.first === 1;
  const samples = explorer.part === "sample";
  const inClasses = names.length > 0 && !samples;
  const kinds = [
    ...(collection.count ? [["test", samples ? "Samples" : heading(imagesOf(explorer))]] : []),
    ...(single && imageShape(inputShape) ? [["draw", "Draw"], ["file", "Upload…"], ["camera", "Camera"]] : []), // prettier-ignore
  ];
  const file = h("input", { type: "file", accept: "image/*", class: "visually-hidden", tabIndex: -1, "aria-label": "Image file" }); // prettier-ignore
  const camera = createCamera((canvas) => canvas.toBlob((frame) => bring("camera", "An image from the camera", frame)), say); // prettier-ignore
  const begin = { file: () => file.click(), camera: () => camera.open() };
  const buttons = kinds.map(([kind, text]) =>
    h("button", { type: "button", dataset: { kind }, onclick: begin[kind] ?? (() => state.change({ source: kind })) }, text), // prettier-ignore
  );
  const classes = select(
    "Class",
    names.map((name, i) => [i, name]).filter(([i]) => collection.ofClass(i).length),
    (text) => state.change({ image: collection.number(collection.ofClass(Number(text))[0]) }),
    { id: "class" },
  );
  const thumbnails = h("div", { class: "thumbnails", role: "group", "aria-label": inClasses ? "Images of this class" : "Images" });
  const corners = h("p", { class: "muted corners" }, h("i", { "aria-hidden": "true" }), "classified wrongly");
  const test = h("div", { class: "test" }, inClasses ? classes.field : null, thumbnails, corners);
  const draw = h("div", { class: "draw" });
  const own = h("p", { class: "note", id: "own" });
  holder.append(h("div", { class: "segments", role: "group", "aria-label": "Image" }, buttons), file, test, draw, own);
  let drawing = null; // the pad
  let kept = null; // the state's drawing, once it is on the pad
  let brought = keptOwn(inputShape); // {tensor, words} of a file or the camera

  file.addEventListener("change", () => {
    const chosen = file.files[0];
    file.value = ""; // so that the same file can be chosen again
    if (chosen) bring("file", chosen.name, chosen);
  });

  async function bring(kind, name, content) {
    try {
      brought = await prepared(content, name, explorer, inputShape);
    } catch (problem) {
      say(problem.message, "error");
      return;
    }
    keepOwn(brought);
    say("");
    if (state.get().source !== kind) state.change({ source: kind });
    else {
      show();
      give();
    }
  }

  function startDrawing() {
    drawing ??= createDrawing(draw, {
      shape: inputShape,
      range,
      edge,
      usual: habits(collection, inputShape, range, edge),
      ondraw: (tensor) => state.get().source === "draw" && onimage([tensor], { number: null, label: null }),
      onstroke: (greys) => state.change({ drawing: (kept = greys) }),
    });
  }

  /** Shows what the state names. */
  function show() {
    const { source, image, drawing: wanted } = state.get();
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.kind === source));
    test.hidden = source !== "test";
    draw.hidden = source !== "draw";
    own.hidden = !OWN.includes(source);
    if (source === "draw" && single) startDrawing();
    if (source === "draw" && single && wanted && wanted !== kept) drawing.load((kept = wanted));
    if (OWN.includes(source)) own.textContent = brought?.words ?? "";
    if (source === "test") showAlike(collection.find(image));
  }

  function showAlike(chosen) {
    if (inClasses) classes.control.value = String(collection.label(chosen) ?? collection.predicted(chosen));
    const some = samples ? Array.from({ length: collection.count }, (_, i) => i) : collection.alike(chosen);
    const from = Math.max(0, Math.min(some.indexOf(chosen) - 4, some.length - SHOWN));
    const shown = some.slice(from, from + SHOWN);
    corners.hidden = !shown.some((i) => isWrong(collection, i));
    renew(
      thumbnails,
      ...shown.map((i) =>
        thumbnailOf(collection, i, names, {
          pressed: i === chosen,
          onclick: () => state.change({ image: collection.number(i) }),
        }),
      ),
    );
  }

  /** Hands over the image that the state names. */
  function give() {
    const { source, image } = state.get();
    if (source === "draw" && !single) giveNothing();
    else if (source === "draw") drawing.tell();
    else if (OWN.includes(source) && brought) onimage([brought.tensor], { number: null, label: null });
    else {
      const i = collection.find(image);
      onimage(collection.tensors(i), { number: image, label: collection.label(i) });
    }
  }

  /** Of several inputs none can be drawn: without images the network receives zeros. */
  function giveNothing() {
    say("This network takes several images at once. Open it with images, as in explore(model, [x1, x2]), to choose from them here. Until then it receives zeros.");
    const zeros = model.inputShapes.map((shape) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }));
    onimage(zeros, { number: null, label: null });
  }

  return { show, give, hasOwn: () => brought !== null };
}

/** Whether the network takes an image for what it is not; not known of all. */
function isWrong(collection, i) {
  const [label, predicted] = [collection.label(i), collection.predicted(i)];
  return label !== null && predicted !== undefined && label !== predicted;
}

/** A button with a small image; a wrong prediction is marked. */
export function thumbnailOf(collection, i, names, { pressed, onclick }) {
  const [label, predicted] = [collection.label(i), collection.predicted(i)];
  const wrong = isWrong(collection, i);
  const named = names[label ?? predicted] === undefined ? "" : `: ${names[label ?? predicted]}`;
  const words = `Image ${collection.number(i)}${named}${wrong ? `, classified as ${names[predicted]}` : ""}`;
  const pictures = collection.pictures(i);
  return h(
    "button",
    { type: "button", class: `picture${wrong ? " wrong" : ""}${pictures.length > 1 ? " several" : ""}`, "aria-label": words, title: words, "aria-pressed": String(pressed), onclick }, // prettier-ignore
    pictures.length ? pictures : String(collection.number(i)),
  );
}
