// What the page begins with: {offline, digits, photograph, kernels, own, pages, gallery}.

/** What the server gives, or what an offline file has inside it; `photograph` as rows. */
export async function whatIsGiven() {
  const embedded = document.getElementById("embedded");
  if (embedded) return { offline: true, ...readGiven(JSON.parse(embedded.textContent)) };
  const response = await fetch("data/exercises.json");
  if (!response.ok) throw new Error(`data/exercises.json: ${response.status}`);
  return { offline: false, ...readGiven(await response.json()) };
}

/** What Python wrote, with the photograph as rows of numbers. */
export function readGiven({ photograph: { size, bytes }, ...told }) {
  const characters = atob(bytes);
  const row = (y) => Array.from({ length: size }, (_, x) => characters.charCodeAt(y * size + x));
  return { ...told, photograph: Array.from({ length: size }, (_, y) => row(y)) };
}
