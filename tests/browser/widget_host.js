// The front end of a notebook as anywidget describes it: a model for each widget, whose other half is a kernel.
// `window.toKernel(message)` resolves to what the kernel then sends; bytes are base64 on that way.

const fromText = (text) => new DataView(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)).buffer);
const toText = (view) => {
  const all = ArrayBuffer.isView(view) ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(view);
  return btoa(Array.from(all, (each) => String.fromCharCode(each)).join(""));
};
const models = new Map();

class Model {
  constructor(id) {
    this.id = id;
    this.state = {};
    this.changed = new Set();
    this.listeners = [];
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    this.state[name] = value;
    this.changed.add(name);
    this.trigger(`change:${name}`);
  }
  save_changes() {
    const entries = [...this.changed].map((name) => [name, this.state[name]]);
    this.changed.clear();
    const bytes = entries.filter(([, value]) => ArrayBuffer.isView(value));
    this.post(
      { method: "update", state: Object.fromEntries(entries.filter((each) => !bytes.includes(each))), buffer_paths: bytes.map(([name]) => [name]) },
      bytes.map(([, value]) => value),
    );
  }
  send(content, _, buffers = []) {
    this.post({ method: "custom", content }, buffers);
  }
  async post(data, buffers) {
    window.deliver(await window.toKernel({ id: this.id, data, buffers: buffers.map(toText) }));
  }
  on(name, listener) {
    this.listeners.push([name, listener]);
  }
  off(name, listener) {
    this.listeners = this.listeners.filter(([each, other]) => each !== name || other !== listener);
  }
  trigger(name, ...values) {
    for (const [each, listener] of [...this.listeners]) if (each === name) listener(...values);
  }
  take({ data, buffers }) {
    const views = buffers.map(fromText);
    if (data.method === "custom") return this.trigger("msg:custom", data.content, views);
    data.buffer_paths.forEach((path, i) => path.slice(0, -1).reduce((at, name) => (at[name] ??= {}), data.state)[path.at(-1)] = views[i]); // prettier-ignore
    Object.assign(this.state, data.state);
    for (const name of Object.keys(data.state)) this.trigger(`change:${name}`);
  }
}

/** Takes what the kernel sends: [{id, data, buffers}]. */
window.deliver = (messages) => {
  for (const message of messages) {
    if (!models.has(message.id)) models.set(message.id, new Model(message.id));
    models.get(message.id).take(message);
  }
};

/** Shows a widget in a new cell; returns how to take it away. */
window.show = async (id) => {
  const model = models.get(id);
  const address = URL.createObjectURL(new Blob([model.get("_esm")], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  const style = document.createElement("style");
  style.textContent = model.get("_css");
  const cell = document.createElement("div");
  cell.id = `cell-${id}`;
  document.head.append(style);
  document.querySelector("main").append(cell);
  window.end = await widget.render({ model, el: cell });
};
