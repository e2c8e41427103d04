// Which page of a class's file is open, and in which state, behind the # of the file's address:
// #page=digits&view=mistakes&cell=4,9. What comes after the page's name is that page's own state.

/** {page, text} of an address; `page` is null for the start, or where there is no such page. */
export function readAddress(address, names) {
  const [, page = null, text = ""] = /^#?page=([a-z0-9-]+)(?:&(.*))?$/s.exec(address) ?? [];
  return names.includes(page) ? { page, text } : { page: null, text: "" };
}

export const writeAddress = ({ page, text }) => (page === null ? "" : `page=${page}${text ? `&${text}` : ""}`);

/**
 * What somebody types: the end of a link, or a code such as "pixel 7" (an exercise), "digits 23" (a model and one of its
 * images) or "lesson 12"; null where it is none.
 */
export function readTyped(typed, { models, names }) {
  const text = typed.trim();
  const link = text.includes("page=") ? readAddress(text.slice(text.indexOf("page=")), names) : null;
  if (link?.page) return link;
  const [, name, number = null] = /^([a-z0-9-]+)(?:[\s,]+(\d{1,6}))?$/.exec(text.toLowerCase()) ?? [];
  if (!name) return null;
  if (models.includes(name)) return { page: name, text: number === null ? "" : `image=${number}` };
  if (names.includes(name) && number === null) return { page: name, text: "" };
  if (names.includes(`${name}-${number}`)) return { page: `${name}-${number}`, text: "" };
  if (!names.includes("exercises") || number === null) return null;
  return { page: "exercises", text: `exercise=${name}&seed=${number}` };
}

/** Where a page's own link leads: "lab/#…", or "../#…" back to the model at which the lab was opened. */
export function readLink(address, { names, back }) {
  const [, place, text = ""] = /^([^#]*)(?:#(.*))?$/s.exec(address);
  const name = place === "../" ? back : place.replace(/\/$/, "");
  return names.includes(name) ? { page: name, text } : null;
}
