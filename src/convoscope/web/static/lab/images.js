// Which images there are, and how a person chooses or brings one.

import { byId, h } from "../shared/dom.js";
import { fromAddress, fromFile, toGrey } from "../shared/image-files.js";
import { MAP, mapFrom } from "../shared/network-map.js";
import { BUILT_IN } from "./built-in.js";
import { drawingFrom, PREFIX } from "./drawing.js";

const OWN = "own:"; // before the name of an image that stays on this computer
const TOLD = { [PREFIX]: drawingFrom, [MAP]: mapFrom }; // names that say all of an image, by how they begin

/** The images, behind the controls in #source. `given`: see given.js. */
export function createImages(state, given, say) {
  const files = Object.fromEntries(given.samples.map(({ name, url }) => [name, url]));
  if (given.start.image) files.image = given.image ?? "data/image.png";
  const own = new Map(); // name -> tensor
  const first = given.samples[0]?.name ?? "four";
  const find = async (name) => (own.has(name) ? { tensor: own.get(name), note: "" } : await fromName(name, files));

  function use(name, { tensor, note }) {
    own.set(OWN + name, tensor);
    state.change({ image: OWN + name, position: null, version: state.get().version + 1 }); // perhaps the same name again
    say(note);
  }

  async function open(file) {
    const { lock, hide } = state.get();
    try {
      if ([...lock, ...hide].includes("source")) say("The link that opened this page does not allow its image to be changed.");
      else use(file.name, await fromFile(file));
    } catch (problem) {
      say(problem.message, "error");
    }
  }

  byId("sample").addEventListener("change", ({ target }) => state.change({ image: target.value, position: null }));
  byId("grey").addEventListener("change", ({ target }) => state.change({ grey: target.checked }));
  byId("choose").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", ({ target }) => {
    if (target.files[0]) open(target.files[0]);
    target.value = "";
  });
  takeDrops((file) => open(file));

  return {
    use,
    /** The state's image as a tensor; null where another was chosen meanwhile. */
    async load() {
      const { image: name, grey } = state.get();
      const found = await find(name);
      if (name !== state.get().image) return null;
      if (!found) {
        state.change({ image: first });
        say("The link names an uploaded image that is not on this computer. Here is a sample instead.");
        return null;
      }
      byId("grey").disabled = found.tensor.shape[2] === 1;
      if (found.note) say(found.note);
      return grey ? { ...found.tensor, ...toGrey(found.tensor) } : found.tensor;
    },
    /** An image by its name, before it is made grey. */
    original: async (name) => (await find(name)).tensor,
    /** Whether an image's name says all of it: built in, drawn, or a network's. */
    isInAddress: (name) => Object.hasOwn(BUILT_IN, name) || prefixOf(name) !== undefined,
    /** The name of the image's file. */
    fileName() {
      const { image: name } = state.get();
      if (name.startsWith(OWN)) return name.slice(OWN.length);
      return name === "image" ? given.start.image : `${name}.png`;
    },
    render() {
      const { image: name, grey } = state.get();
      const options = [
        ...(given.start.image ? [["image", given.start.image]] : []),
        ...given.samples.map((sample) => [sample.name, sample.title]),
        ...Object.entries(BUILT_IN).map(([key, { title }]) => [key, title]),
        ...[...own.keys()].map((key) => [key, key.slice(OWN.length)]),
        ...(name.startsWith(PREFIX) ? [[name, "Drawing"]] : []),
        ...(name.startsWith(MAP) ? [[name, "Map of the network"]] : []),
      ];
      const control = byId("sample");
      if (control.childElementCount !== options.length || control.value !== name) {
        control.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
        control.value = name;
      }
      byId("grey").checked = grey;
    },
  };
}

/** Files dropped anywhere on the page, or pasted into it. */
function takeDrops(open) {
  const over = (on) => document.body.classList.toggle("dropping", on);
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  window.addEventListener("dragleave", (event) => event.relatedTarget || over(false));
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
  window.addEventListener("paste", (event) => event.clipboardData.files[0] && open(event.clipboardData.files[0]));
}

const prefixOf = (name) => Object.keys(TOLD).find((prefix) => name.startsWith(prefix));

/** The image of a name: built in, drawn, a network's map, or one of `files` ({name: address}). null where there is none. */
async function fromName(name, files) {
  if (Object.hasOwn(BUILT_IN, name)) return { tensor: BUILT_IN[name].make(), note: "" };
  const told = prefixOf(name);
  if (told) {
    const tensor = TOLD[told](name);
    return tensor && { tensor, note: "" };
  }
  return Object.hasOwn(files, name) ? fromAddress(files[name], name) : null;
}
