// What the page begins with, from its server or from inside its own file.

/**
 * {offline, explorer, buffer, beside, images, targets}: `explorer` describes the images and what can be asked, `buffer` is
 * the model's file, `beside` fetches that of the model beside it, if there is one, `images` has for each
 * input all given images' values one after the other (Float32Array), `targets` those of the images that should come out of them, or null. A file offline has
 * `epochs` as well, and perhaps `snapshots`, the weights of each as text.
 */
export async function whatIsGiven() {
  const embedded = document.getElementById("embedded");
  if (embedded) {
    const { explorer, model, beside, images, targets, epochs, snapshots } = JSON.parse(embedded.textContent);
    return {
      offline: true,
      explorer,
      buffer: bytes(model),
      beside: async () => bytes(beside),
      images: unpackAll(bytes(images), explorer.packed),
      targets: explorer.packedTargets ? unpack(bytes(targets), explorer.packedTargets) : null,
      epochs,
      snapshots,
    };
  }
  const get = async (address) => {
    const response = await fetch(address);
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
    explorer,
    buffer,
    beside: () => file("data/beside.safetensors"),
    images: unpackAll(images, packed),
    targets: packedTargets ? unpack(await file("data/targets.bin"), packedTargets) : null,
  };
}

/** Asks the running Python something; its answer, or an error in words. */
export async function ask(address, question) {
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question),
    });
  } catch {
    throw new Error("The Python that opened this page has ended. Open it again: convoscope explore.");
  }
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** What was written as base64. */
export function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}

/** What goes into each input; they lie one after the other. */
function unpackAll(buffer, packed) {
  let from = 0;
  return packed.map((each) => unpack(buffer.slice(from, (from += each.bytes)), each));
}

function unpack(buffer, { kind, divisor }) {
  if (kind === "float32") return new Float32Array(buffer);
  return Float32Array.from(new Uint8Array(buffer), (value) => Math.fround(value / divisor));
}
