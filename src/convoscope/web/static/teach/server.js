// The page's side of the protocol: questions, bytes, and what is said when nobody answers.

/** The program did not answer: it has ended, or the connection is gone. */
export class Unreachable extends Error {}

/** `fetching`: fetch, or what a test puts in its place; `onreach(whether)` hears whether the program answered. */
export function createServer(onreach = () => {}, fetching = (...given) => globalThis.fetch(...given)) {
  async function answered(address, options) {
    let answer;
    try {
      answer = await fetching(address, options);
    } catch {
      onreach(false);
      throw new Unreachable("The program is not responding.");
    }
    onreach(true);
    if (answer.ok) return answer.json();
    throw new RangeError((await answer.text()).trim() || `The program answered with ${answer.status}.`);
  }
  const post = (address, type, body) => answered(address, { method: "POST", headers: { "content-type": type }, body });

  return {
    /** What stands at an address. */
    get: (address) => answered(address),
    /** The answer to a question, an object. */
    ask: (question, asked = {}) => post(`ask/${question}`, "application/json", JSON.stringify(asked)),
    /** The answer to a picture (Blob) for a class. */
    picture: (group, burst, name, blob) =>
      post(`picture/${group}/${encodeURIComponent(burst)}/${encodeURIComponent(name)}`, "application/octet-stream", blob),
    /** What a frame's pixels (Uint8Array, RGB) show; `group` is the class whose evidence is wanted, null for the likeliest. */
    frame: (group, pixels) => post(`frame/${group ?? "likeliest"}`, "application/octet-stream", pixels),
  };
}
