// The page that was saved: it classifies by webcam, in one file, without a network.

import "../shared/problems.js";
import { throughWorker } from "../engine/client.js";
import { byId, setText } from "../shared/dom.js";
import { MOST_MEGAPIXELS } from "../shared/image-files.js";
import { say } from "../shared/message.js";
import { startTheme } from "../shared/theme.js";
import { createCamera } from "./camera.js";
import { createClassifier } from "./classifier.js";
import { createFrame } from "./frames.js";
import { createLive } from "./live.js";

document.documentElement.dataset.started = "true";
startTheme(byId("theme"), () => {});

const element = byId("embedded");
const { model, worker, preparation, names, words } = JSON.parse(element.textContent);
element.remove(); // so that its text need not stay in memory

const frame = createFrame(preparation);
const camera = createCamera((on) => live.changed(on));
const post = throughWorker(URL.createObjectURL(new Blob([worker], { type: "text/javascript" })), inPage);
const opened = post({ task: "open", buffer: bytes(model).buffer });

const live = createLive(byId("live"), {
  frame,
  camera,
  ask: (pixels) => post({ task: "ask", pixels }),
  names: () => names.map((name, index) => [index, name]),
  say,
});

/** Computes in the page itself, where there can be no worker. */
function inPage() {
  let classifier = null;
  return async ({ task, buffer, pixels }) => {
    if (task === "ask") return classifier.ask(pixels);
    classifier = createClassifier(buffer);
    return { fast: Boolean(classifier.fast) };
  };
}

function bytes(text) {
  const characters = atob(text);
  const found = new Uint8Array(characters.length);
  for (let i = 0; i < found.length; i++) found[i] = characters.charCodeAt(i);
  return found;
}

async function open(file) {
  let image;
  try {
    image = await createImageBitmap(file, { colorSpaceConversion: "none" }); // Python takes the numbers as they are
  } catch {
    return say(`“${file.name}” is not an image that this browser can read.`, "error");
  }
  const { width, height } = image;
  if (width * height > MOST_MEGAPIXELS * 1e6) say(`“${file.name}” has more than ${MOST_MEGAPIXELS} megapixels. Scale it down.`, "error"); // prettier-ignore
  else {
    say("");
    await live.look(image, width, height);
  }
  image.close();
}

byId("open").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) open(target.files[0]);
  target.value = "";
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer?.files[0]) open(event.dataTransfer.files[0]);
});

setText(byId("about"), words);
live.draw();
const { fast } = await opened;
if (!fast) say("This browser lacks fast arithmetic (WebAssembly SIMD): each picture takes a few seconds.");
document.documentElement.dataset.ready = "true";
