// What the gallery begins with, and what it asks for once it is there: from its server, or from inside its own file.

/** {gallery, digits, runs}: `gallery` as Python's exhibition.rooms has it, and functions that fetch the others. */
export async function whatIsGiven() {
  const embedded = document.getElementById("embedded");
  if (embedded) {
    const { gallery, digits, runs, samples } = JSON.parse(embedded.textContent);
    return { gallery, digits: async () => digits, runs: async () => runs, sample: (name) => samples[name] };
  }
  return {
    gallery: await json("data/gallery.json"),
    digits: () => json("data/digits.json"),
    runs: () => json("data/runs.json"),
    sample: (name) => `lab/data/samples/${name}.png`,
  };
}

async function json(address) {
  let response;
  try {
    response = await fetch(address);
  } catch {
    throw new Error("The Python program that opened this page has stopped. Open it again: convoscope gallery.");
  }
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}
