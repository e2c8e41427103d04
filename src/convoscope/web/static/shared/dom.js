// Elements without markup in strings: nothing that a person types or a file is named can become HTML.

/** An element: `h("button", { type: "button", onclick: f, class: "quiet" }, "Play")`. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name === "class" ? "class" : name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Gives an element another text. The same again would cost the page its layout, and a frame has no time for that. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Gives a control another value, as `setText` does. */
export function setValue(control, value) {
  if (control.value !== value) control.value = value;
}

/**
 * Gives an element other children. Where one of the old ones had the focus, the new one of the same name has it, or else
 * the element itself: whoever uses the keyboard goes on from there.
 */
export function renew(holder, ...children) {
  const focused = holder.contains(document.activeElement) ? calledFor(document.activeElement) : null;
  holder.replaceChildren(...children);
  if (focused === null) return;
  holder.tabIndex = -1;
  const same = [...holder.querySelectorAll("button, input, select, [tabindex]")].find((each) => calledFor(each) === focused);
  (same ?? holder).focus({ preventScroll: true });
}

const calledFor = (element) => element.getAttribute("aria-label") ?? element.textContent;

/** A name in pieces that a line may break between: where an underscore joins words. */
export function breakable(name) {
  return String(name).split(/(?<=_)(?=[^_])/).flatMap((piece, i) => (i ? [h("wbr"), piece] : [piece]));
}

/** The element with this id, which must be there. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

/** A labelled select: options are [value, text] pairs, or {group: [pairs]}. */
export function select(label, options, onchange, properties = {}) {
  const pairs = (list) => list.map(([value, text]) => h("option", { value: String(value) }, text));
  const children = Array.isArray(options)
    ? pairs(options)
    : Object.entries(options).map(([group, list]) => h("optgroup", { label: group }, pairs(list)));
  const control = h("select", { ...properties, onchange: () => onchange(control.value) }, children);
  return { control, field: h("label", { class: "field" }, h("span", {}, label), control) };
}

/** Runs `draw` once before the next paint, however often it is asked for. */
export function oncePerFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/** Runs `act` with the newest values at once, then at most every `milliseconds`; the last call is never lost. */
export function throttled(milliseconds, act) {
  let timer = null;
  let waiting = null;
  const run = (values) => {
    act(...values);
    timer = setTimeout(() => {
      timer = null;
      const next = waiting;
      waiting = null;
      if (next) run(next);
    }, milliseconds);
  };
  return (...values) => {
    if (timer === null) run(values);
    else waiting = values;
  };
}

/** Runs `act` with the newest values once nothing has been asked for during `milliseconds`. */
export function delayed(milliseconds, act) {
  let timer = null;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), milliseconds);
  };
}

/** An SVG element with attributes. */
export function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
