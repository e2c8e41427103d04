// A page that is one of several in a class's file stands in a frame without an address. The file keeps its state in an
// address of its own, and leads to the other pages: see class/main.js.

const LABEL = "convoscope-state"; // the name of the element that says what the state is at first

/**
 * {address(), keep(text), add(text), link(text), go(address), theme(), ontheme(hear)}; null where the page stands for
 * itself.
 */
export const host = typeof document === "undefined" ? null : findHost();

function findHost() {
  const told = document.querySelector(`meta[name="${LABEL}"]`);
  if (!told || window.parent === window) return null;
  let text = told.content;
  let { theme } = told.dataset;
  const listeners = [];
  const tell = (act, what) => window.parent.postMessage({ convoscope: act, text: what }, "*"); // a file has no origin to name
  const hears = {
    state(state) {
      text = state;
      window.dispatchEvent(new Event("hashchange"));
    },
    theme(name) {
      theme = name;
      listeners.forEach((hear) => hear(name));
    },
  };
  window.addEventListener("message", ({ source, data }) => {
    const act = data?.convoscope;
    if (source === window.parent && Object.hasOwn(hears, act) && typeof data.text === "string") hears[act](data.text);
  });
  const change = (act) => (state) => {
    text = state;
    tell(act, state);
  };
  return {
    address: () => (text ? `#${text}` : ""),
    keep: change("keep"),
    add: change("add"),
    link: (state) => `#page=${told.dataset.page}&${state}`,
    go(address) {
      tell("go", address);
      return true;
    },
    theme: () => theme,
    ontheme: (hear) => listeners.push(hear),
  };
}
