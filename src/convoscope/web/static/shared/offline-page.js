// The whole page as one HTML file that needs no network: styles and modules inside it, the image and the state too.

const IMPORT = /(\bfrom\s*|\bimport\s*)"(\.{1,2}\/[^"]+)"/g;

// Nothing from outside: the browser itself refuses what would need a network.
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:; " +
  "media-src blob:; base-uri 'none'; form-action 'none'";

/** The page as it was before any script changed it: call this first. */
export function rememberPage() {
  const html = document.documentElement.outerHTML;
  return () => new DOMParser().parseFromString(html, "text/html");
}

/** The page as one file. `page`: from rememberPage; `embedded`: what the page otherwise asks its server for. */
export async function offlinePage(page, embedded) {
  const copy = page();
  let styles = [];
  if (!copy.getElementById("embedded")) {
    styles = await takeStyles(copy);
    await inlineModules(copy);
  }
  delete copy.documentElement.dataset.notebook; // the copy is a page of its own
  copy.getElementById("embedded")?.remove();
  const data = copy.createElement("script");
  Object.assign(data, { type: "application/json", id: "embedded" });
  data.textContent = JSON.stringify(embedded).replaceAll("<", "\\u003c");
  copy.body.prepend(data);
  const html = copy.documentElement.outerHTML.replace(/<!--style (\d+)-->/g, (_, i) => `<style>\n${styles[i]}</style>`);
  return `<!DOCTYPE html>\n${html}\n`;
}

/** The text of each style sheet; a comment keeps its place, since this page's own policy allows no inline style. */
async function takeStyles(copy) {
  const policy = copy.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = POLICY;
  copy.head.querySelector("meta[charset]").after(policy);
  const links = [...copy.querySelectorAll("link[rel=stylesheet]")];
  const styles = await Promise.all(links.map((link) => textAt(link.getAttribute("href"))));
  links.forEach((link, i) => link.replaceWith(copy.createComment(`style ${i}`)));
  return styles;
}

async function inlineModules(copy) {
  const script = copy.querySelector("script[type=module]");
  const start = new URL(script.getAttribute("src"), document.baseURI).href;
  const modules = new Map();
  await collect(start, modules);
  const root = new URL("../", start).href;
  const name = (address) => `convoscope/${address.slice(root.length)}`;
  const imports = {};
  for (const [address, source] of modules) {
    const bare = source.replace(IMPORT, (_, before, to) => `${before}"${name(new URL(to, address).href)}"`);
    imports[name(address)] = `data:text/javascript;base64,${base64(bare)}`;
  }
  const map = copy.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({ imports });
  const main = copy.createElement("script");
  main.type = "module";
  main.textContent = `import "${name(start)}";`;
  script.replaceWith(map, main);
}

async function collect(address, modules) {
  if (modules.has(address)) return;
  modules.set(address, ""); // a circle ends here
  const source = await textAt(address);
  modules.set(address, source);
  await Promise.all([...source.matchAll(IMPORT)].map((match) => collect(new URL(match[2], address).href, modules)));
}

async function textAt(address) {
  const response = await fetch(address);
  if (!response.ok)
    throw new Error(
      `The page's own file ${address} could not be read (${response.status}): is its server still running?`,
    );
  return response.text();
}

function base64(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
