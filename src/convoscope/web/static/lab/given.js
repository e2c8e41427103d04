// What the page begins with: {offline, kernels, samples, start, image}.

/** What the server gives, or what an offline file has inside it: then `image` is its address. */
export async function whatIsGiven() {
  const embedded = document.getElementById("embedded");
  if (embedded) return { offline: true, ...JSON.parse(embedded.textContent) };
  const json = async (address) => {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    return response.json();
  };
  const [kernels, samples, start] = await Promise.all(
    ["data/kernels.json", "data/samples.json", "data/start.json"].map(json),
  );
  return { offline: false, kernels, samples, start };
}
