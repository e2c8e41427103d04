// A page's text for its frame: its template, the modules that all pages share, and its own data.

const MARKS = { modules: "{{convoscope modules}}", data: "{{convoscope data}}", article: "{{convoscope article}}" }; // as web/bundle.py writes them
const LABEL = "convoscope-state"; // as shared/hosted.js reads it

/** `given`: {templates, modules}; `about`: {name, kind, data, article} (the last for pages to read); `text`: the page's state; `theme`: "light" or "dark". */
export function pageText({ templates, modules }, { name, kind, data, article = "" }, text, theme) {
  const label = `<meta name="${LABEL}" content="${quoted(text)}" data-page="${name}" data-theme="${theme}">`;
  const inside = JSON.stringify(data).replaceAll("<", "\\u003c");
  // Functions, because a text may have $ in it, which means something to `replace`.
  return templates[kind]
    .replace(/<meta charset="[^"]+"\s*\/?>/, (charset) => `${charset}\n${label}`)
    .replace(MARKS.modules, () => modules)
    .replace(MARKS.data, () => inside)
    .replace(MARKS.article, () => article); // last: what it says may look like a mark
}

const quoted = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
