// A page of Convoscope as a notebook's widget (anywidget): the page in a frame, Python's half behind the widget's model.

import { copied, createAsker } from "./asking.js";
import { createFrame } from "./frame.js";
import { createHandle } from "./handle.js";
import { themeAround, watchTheme } from "./surroundings.js";

const SILENT =
  "Python has not answered yet. Either a cell is still running, or the kernel has stopped: in that case, run this cell again. " +
  "Meanwhile, everything that does not need Python works.";

/** The widget of a page, HTML: what anywidget loads. */
export const widgetOf = (page) => ({
  render({ model, el }) {
    const names = model.get("_told"); // of what the page tells Python
    const wanted = model.get("_wanted"); // of what Python tells the page
    const all = () => Object.fromEntries([...new Set([...names, ...wanted])].map((name) => [name, model.get(name) ?? null]));
    const bar = document.createElement("p");
    bar.className = "convoscope-bar";
    bar.setAttribute("role", "status");
    bar.hidden = true;
    const asker = createAsker(model, (silent) => {
      bar.textContent = silent ? SILENT : "";
      bar.hidden = !silent;
    });
    const shown = createFrame({
      page,
      title: model.get("_title"),
      theme: () => themeAround(el),
      ask: asker.ask,
      state: all,
      ontell(told) {
        for (const [name, value] of Object.entries(told)) model.set(name, ArrayBuffer.isView(value) ? new DataView(copied(value)) : value);
        model.save_changes();
      },
    });
    const handle = createHandle({ height: () => model.get("height"), onmove: (height) => model.set("height", height), onend: () => model.save_changes() });
    const resize = () => {
      shown.frame.style.height = `${model.get("height")}px`;
      handle.render(model.get("height"));
    };
    let due = false;
    const pass = () => {
      if (due) return;
      due = true;
      setTimeout(() => {
        due = false;
        shown.tell({ wanted: Object.fromEntries(wanted.map((name) => [name, model.get(name) ?? null])) });
      });
    };
    for (const name of wanted) model.on(`change:${name}`, pass);
    model.on("change:height", resize);
    const stop = watchTheme(el, (theme) => shown.tell({ theme }));
    resize();
    el.classList.add("convoscope-widget");
    el.append(hint(model.get("_hint")), bar, shown.frame, handle.bar);

    return () => {
      stop();
      shown.close();
      asker.close();
      for (const name of wanted) model.off(`change:${name}`, pass);
      model.off("change:height", resize);
    };
  },
});

/** The notebook keeps a line that says how to bring the widget back: while it is here, that line is hidden. */
function hint(name) {
  const style = document.createElement("style");
  style.textContent = `.${name} { display: none }`;
  return style;
}
