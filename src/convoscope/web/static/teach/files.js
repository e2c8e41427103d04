// What is dropped or chosen: files, or folders whose names are those of classes.

const PICTURE = /\.(jpe?g|png|webp|gif|bmp|tiff?|hei[cf]|avif)$/i;

/** Whether a file's name is that of a picture. */
export const isPicture = (name) => PICTURE.test(name);

/**
 * The class that a path in a chosen folder speaks of: the folder that the file is in; null for files that lie in none.
 * A folder's own name stands first ("photos/cup/1.jpg" is of "cup"), and what is hidden is left out.
 */
export function classOf(path) {
  const parts = path.split("/").filter(Boolean);
  if (parts.some((part) => part.startsWith(".") || part.startsWith("__"))) return null;
  return parts.length < 2 ? null : parts.at(-2);
}

/** Files (with webkitRelativePath, or `path`) by the names of their classes: Map of name -> [File]. */
export function byClass(files) {
  const found = new Map();
  for (const { file, path } of files) {
    const name = classOf(path);
    if (name === null || !isPicture(path)) continue;
    found.set(name, [...(found.get(name) ?? []), file]);
  }
  return found;
}

/** All files of a drop, with their paths: [{file, path}]. The event's list is gone after the first wait. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some(Boolean)) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const found = [];
  for (const entry of entries.filter(Boolean)) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((give, fail) => entry.file(give, fail));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((give, fail) => reader.readEntries(give, fail)); // a hundred at a time
    if (!some.length) return;
    for (const each of some) await walk(each, found);
  }
}
