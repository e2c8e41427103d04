// Numbers as text, for questions in JSON.

const PIECE = 8192; // bytes; a function takes only so many arguments

/** The bytes of a typed array as base64. */
export function bytesAsText({ buffer, byteOffset, byteLength }) {
  const all = new Uint8Array(buffer, byteOffset, byteLength);
  let characters = "";
  for (let i = 0; i < all.length; i += PIECE) characters += String.fromCharCode(...all.subarray(i, i + PIECE));
  return btoa(characters);
}
