// What the page begins with, from its server or from inside its own file.

import { inNotebook, reach } from "../shared/notebook.js";
import { inAddress, keepInAddress } from "../shared/session.js";

/**
 * {offline, worker, lab, explorer, buffer, beside, images, targets}: `explorer` describes the images and what can be asked, `buffer` is
 * the model's file, `beside` fetches that of the model beside it, if there is one, `images` has for each
 * input a function (from, to) to the given images' values, which lie one after the other, `targets` those of the images that should come out of them, or null. A file offline has
 * `epochs` as well, and perhaps `snapshots`, the weights of each as text, and `exercises`, the page of those that go with a tour. `worker` is the address of what computes beside
 * the page, null where there is none, and `lab` says whether the filter lab is beside it.
 */
export async function whatIsGiven() {
  const embedded = document.getElementById("embedded");
  if (embedded) {
    const { explorer, model, beside, images, targets, epochs, snapshots, exercises = null, state } = JSON.parse(embedded.textContent);
    if (state && !inAddress()) keepInAddress(state); // what the page showed that this file was saved from
    return {
      offline: true,
      worker: null,
      lab: false,
      explorer,
      buffer: bytes(model),
      beside: async () => bytes(beside),
      images: unpackAll(bytes(images), explorer.packed),
      targets: explorer.packedTargets ? unpack(bytes(targets), explorer.packedTargets) : null,
      epochs,
      snapshots,
      exercises,
    };
  }
  const get = async (address) => {
    const response = await reach(address);
    if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
    return response;
  };
  const file = (address) => get(address).then((response) => response.arrayBuffer());
  const [explorer, buffer, images] = await Promise.all([
    get("data/explorer.json").then((response) => response.json()),
    file("data/model.safetensors"),
    file("data/images.bin"),
  ]);
  const { packed, packedTargets } = explorer;
  return {
    offline: false,
    worker: inNotebook ? null : new URL("../engine/network-worker.js", import.meta.url),
    lab: !inNotebook,
    explorer,
    buffer,
    beside: () => file("data/beside.safetensors"),
    images: unpackAll(images, packed),
    targets: packedTargets ? unpack(await file("data/targets.bin"), packedTargets) : null,
  };
}

/** Asks the running Python something; its answer, or an error in words. */
export async function ask(address, question) {
  return (await answered(address, question)).json();
}

const CALM = 300; // milliseconds
let lastWanted = -Infinity; // when somebody last waited for Python

/** Waits until nobody has wanted anything of Python for a moment: what takes long and is not urgent goes on then. */
export async function untilCalm() {
  await new Promise((done) => setTimeout(done, 10));
  while (performance.now() < lastWanted + CALM) await new Promise((done) => setTimeout(done, CALM));
}

/** Asks the running Python for tensors; they come as bytes: their shapes, and the values. */
export async function askForTensors(address, question) {
  lastWanted = performance.now();
  const [shapes, buffer, begin] = await inBytes(address, question);
  lastWanted = performance.now();
  let from = begin;
  return shapes.map((shape) => {
    const data = new Float32Array(buffer, from, shape.reduce((a, b) => a * b, 1));
    from += data.byteLength;
    return { shape, data };
  });
}

/** Asks the running Python for pictures: what it says of them, and their `values`, one picture after the other. */
export async function askForPictures(address, question) {
  const [told, buffer, begin] = await inBytes(address, question);
  return { ...told, values: unpack(buffer.slice(begin), told.packed) };
}

/** An answer as bytes, [what its JSON text says, all bytes, where the others begin]: the length of that text stands first. */
async function inBytes(address, question) {
  const buffer = await (await answered(address, question)).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))), buffer, 4 + length];
}

/** How Python is told which image is meant: the number of a test image, or the values of another one as text. */
export const imageAsked = ({ number, data }) => number ?? textOf(data instanceof Float32Array ? data : Float32Array.from(data));

async function answered(address, question) {
  return post(address, JSON.stringify(question), "application/json");
}

/** Posts to the running Python; its response, or an error in words. */
export async function post(address, body, type) {
  let response;
  try {
    response = await reach(address, { method: "POST", headers: { "Content-Type": type }, body });
  } catch (problem) {
    if (inNotebook) throw problem; // the widget says what is the matter
    throw new Error("The Python program that opened this page has stopped. Open the page again with convoscope explore.");
  }
  if (!response.ok) throw new Error(await response.text());
  return response;
}

/** What was written as base64. */
export function bytes(text) {
  const characters = atob(text);
  const found = new Uint8Array(characters.length);
  for (let i = 0; i < found.length; i++) found[i] = characters.charCodeAt(i);
  return found.buffer;
}

/** Values as base64 of their float32 bytes, as Python reads them. */
export function textOf(values) {
  const all = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let characters = "";
  for (let i = 0; i < all.length; i += PIECE) characters += String.fromCharCode(...all.subarray(i, i + PIECE));
  return btoa(characters);
}

const PIECE = 8192; // bytes; a function takes only so many arguments

/** What goes into each input, (from, to) => its values from one index to another; they lie one after the other. */
function unpackAll(buffer, packed) {
  let start = 0;
  return packed.map((each) => {
    const begin = start;
    const size = each.kind === "float32" ? 4 : 1;
    start += each.bytes;
    return (from, to) => unpack(buffer.slice(begin + size * from, begin + size * to), each);
  });
}

/** Values that were packed as bytes. */
export function unpack(buffer, { kind, divisor }) {
  if (kind === "float32") return new Float32Array(buffer);
  const values = new Float32Array(new Uint8Array(buffer));
  if (divisor !== 1) for (let i = 0; i < values.length; i++) values[i] /= divisor;
  return values;
}
