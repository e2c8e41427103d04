// What the page begins with, from its server or from inside its own file.

/**
 * {offline, explorer, buffer, beside, images}: `explorer` describes the images and what can be asked, `buffer` is the
 * model's file, `beside` fetches that of the model beside it, if there is one, `images` all given images' values one
 * after the other (Float32Array). A file offline has `epochs` as well, and perhaps `snapshots`, the weights of each as
 * text.
 */
export async function whatIsGiven() {
  const embedded = document.getElementById("embedded");
  if (embedded) {
    const { explorer, model, beside, images, epochs, snapshots } = JSON.parse(embedded.textContent);
    const values = unpack(bytes(images), explorer.packed);
    const other = async () => bytes(beside);
    return { offline: true, explorer, buffer: bytes(model), beside: other, images: values, epochs, snapshots };
  }
  const get = async (address) => {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
    return response;
  };
  const [explorer, buffer, packed] = await Promise.all([
    get("data/explorer.json").then((response) => response.json()),
    get("data/model.safetensors").then((response) => response.arrayBuffer()),
    get("data/images.bin").then((response) => response.arrayBuffer()),
  ]);
  const beside = () => get("data/beside.safetensors").then((response) => response.arrayBuffer());
  return { offline: false, explorer, buffer, beside, images: unpack(packed, explorer.packed) };
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

function unpack(buffer, { kind, divisor }) {
  if (kind === "float32") return new Float32Array(buffer);
  return Float32Array.from(new Uint8Array(buffer), (value) => Math.fround(value / divisor));
}
