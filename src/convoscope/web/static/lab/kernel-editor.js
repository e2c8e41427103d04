// The kernel's numbers: type them, drag them, or turn them with the arrow keys.

import { css, diverging, ink } from "../shared/colour.js";
import { byId, h, setText, setValue } from "../shared/dom.js";
import { parseNumber, tooLarge, typed } from "../shared/format.js";
import { readNumber } from "../shared/number-field.js";
import { theme } from "../shared/theme.js";
import { kernelText, LARGEST, normalisingWeight, parseKernel, resized } from "./kernel-text.js";
import { presetOf, turned } from "./steps.js";

const CHANNELS = ["Red", "Green", "Blue"];
const DRAG = 8; // pixels of movement for one step of a number

/** The editor in #kernel-editor. `presets` are the named kernels; changes go into the state's selected step. */
export function createKernelEditor(state, presets, say) {
  const root = byId("kernel-editor");
  const step = () => state.get().steps[state.get().selected];
  const channel = () => Math.min(state.get().channel, step().kernels.length - 1);
  const rows = () => step().kernels[channel()];
  const setRows = (next) =>
    state.changeStep({ kernels: step().kernels.map((kernel, i) => (i === channel() ? next : kernel)) });

  const grouped = {};
  for (const preset of presets) (grouped[preset.group] ??= []).push(preset);
  const preset = h(
    "select",
    { id: "preset", onchange: () => choose(presets.find(({ name }) => name === preset.value)) },
    h("option", { value: "", disabled: true }, "Your own numbers"),
    Object.entries(grouped).map(([group, list]) =>
      h(
        "optgroup",
        { label: group[0].toUpperCase() + group.slice(1) },
        list.map(({ name, title }) => h("option", { value: name }, title)),
      ),
    ),
  );
  const shows = h("p", { class: "note", id: "preset-note" });
  const origin = h("p", { class: "note" });
  const sizes = h(
    "div",
    { class: "segments", role: "group", "aria-label": "Kernel size" },
    Array.from({ length: LARGEST }, (_, i) =>
      h(
        "button",
        { type: "button", "aria-label": `${i + 1} by ${i + 1}`, onclick: () => resize(i + 1) },
        String(i + 1),
      ),
    ),
  );
  const own = h("input", { type: "checkbox", id: "own-kernels", onchange: () => separate(own.checked) });
  const ownField = h("label", { class: "check" }, own, "Separate kernels for red, green, blue");
  const tabs = h(
    "div",
    { class: "segments", role: "group", "aria-label": "Numbers for" },
    CHANNELS.map((name, i) => h("button", { type: "button", onclick: () => state.change({ channel: i }) }, name)),
  );
  const grid = h("div", { id: "kernel", class: "kernel", role: "group", "aria-label": "Kernel" });
  const weight = numberField("Multiplier", "weight");
  const bias = numberField("Bias", "bias");
  const text = h("input", {
    type: "text",
    id: "kernel-text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-describedby": "kernel-text-error",
    onchange: () => read(text.value),
  });
  const error = h("p", { class: "error", id: "kernel-text-error", role: "alert" });
  root.append(
    h("label", { class: "field" }, h("span", {}, "Preset"), preset),
    shows,
    h("div", { class: "row" }, sizes),
    grid,
    tabs,
    h("div", { class: "row pair" }, weight.field, bias.field),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", id: "normalize", onclick: normalize }, "Normalize"),
      h("button", { type: "button", id: "flip", onclick: () => setRows(turned(rows())) }, "Flip"),
      h(
        "button",
        {
          type: "button",
          onclick: () =>
            setRows(
              rows()[0].map((_, x) =>
                rows()
                  .map((row) => row[x])
                  .reverse(),
              ),
            ),
        },
        "Rotate",
      ),
      h("button", { type: "button", onclick: () => setRows(rows().map((row) => row.map(() => 0))) }, "Zeros"),
    ),
    h(
      "details",
      {},
      h("summary", {}, "Source and text"),
      origin,
      h("label", { class: "field" }, h("span", {}, "Rows separated by semicolons, or an array pasted from Python or MATLAB"), text),
      error,
    ),
    ownField,
  );

  function numberField(label, name) {
    const control = h("input", {
      type: "text",
      inputmode: "decimal",
      id: name,
      autocomplete: "off",
      onchange: () => {
        const value = readNumber(control, `The ${label.toLowerCase()} must be a number such as 0.5 or 1/9, but`);
        if (value !== null) state.changeStep({ [name]: value });
      },
    });
    return { control, field: h("label", { class: "field" }, h("span", {}, label), control) };
  }

  function choose(chosen) {
    state.changeStep({ kernels: [structuredClone(chosen.kernel)], weight: chosen.weight, bias: chosen.bias });
  }

  function resize(size) {
    state.changeStep({ kernels: step().kernels.map((kernel) => resized(kernel, size)) });
    if (size % 2 === 0)
      say(`A ${size}×${size} kernel has no centre cell: the output pixel belongs to the cell above and to the left of the centre.`);
  }

  function separate(apart) {
    const first = step().kernels[0];
    state.changeStep({ kernels: apart ? CHANNELS.map(() => structuredClone(first)) : [first] });
  }

  function normalize() {
    const value = normalisingWeight(rows());
    if (value === null)
      say("The numbers add up to 0, as in edge filters. No multiplier can make that 1, and none is needed.");
    else state.changeStep({ weight: value });
  }

  function read(value) {
    error.textContent = "";
    try {
      const parsed = parseKernel(value);
      const others = step().kernels.map((kernel, i) => (i === channel() ? parsed : resized(kernel, parsed.length)));
      state.changeStep({ kernels: others });
    } catch (problem) {
      error.textContent = problem.message;
    }
    text.setAttribute("aria-invalid", String(Boolean(error.textContent)));
  }

  function setCell(y, x, value) {
    setRows(rows().map((row, i) => (i === y ? row.map((old, j) => (j === x ? value : old)) : row)));
  }

  /** By steps, whose sums should not end in 0.30000000000000004. */
  function moveCell(y, x, value) {
    if (!tooLarge(value)) setCell(y, x, Math.round(value * 1e6) / 1e6);
  }

  function makeCell(y, x) {
    const cell = h("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `Row ${y}, column ${x}`,
      dataset: { row: y, column: x },
    });
    cell.addEventListener("change", () => {
      const value = readNumber(cell);
      if (value !== null) setCell(y, x, value);
    });
    cell.addEventListener("focus", () => cell.select());
    cell.addEventListener("paste", (event) => {
      const pasted = event.clipboardData.getData("text");
      if (!/[;\n[({]/.test(pasted.trim())) return; // one number
      event.preventDefault();
      read(pasted);
    });
    cell.addEventListener("keydown", (event) => {
      const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!direction) return;
      event.preventDefault();
      moveCell(y, x, rows()[y][x] + direction * (event.shiftKey ? 0.1 : 1));
    });
    makeDraggable(
      cell,
      () => rows()[y][x],
      (value) => moveCell(y, x, value),
    );
    return cell;
  }

  function render() {
    const { type, kernels, weight: w, bias: b } = step();
    if (type !== "convolve") return;
    const numbers = rows();
    const size = numbers.length;
    if (grid.childElementCount !== size * size) {
      grid.replaceChildren(...numbers.flatMap((row, y) => row.map((_, x) => makeCell(y, x))));
      grid.style.setProperty("--size", size);
    }
    const limit = Math.max(...kernels.flat(2).map(Math.abs), 1e-6);
    [...grid.children].forEach((cell, i) => {
      const value = numbers[Math.floor(i / size)][i % size];
      const colour = diverging(value, limit * 1.4, theme());
      if (document.activeElement !== cell || parseNumber(cell.value) !== value) setValue(cell, typed(value, 3));
      cell.title = String(value).length > cell.value.length ? String(value) : ""; // what there is no room for
      cell.removeAttribute("aria-invalid");
      cell.style.backgroundColor = css(colour);
      cell.style.color = ink(colour);
    });
    const same = presetOf(step(), presets);
    setValue(preset, same?.name ?? "");
    setText(shows, same ? same.shows : "");
    setText(origin, same?.source ? `Source: ${same.source}.` : "");
    origin.hidden = !same?.source;
    [...sizes.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i + 1 === size)));
    [...tabs.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === channel())));
    own.checked = kernels.length > 1;
    tabs.hidden = kernels.length === 1;
    for (const [control, value] of [
      [weight.control, w],
      [bias.control, b],
    ]) {
      if (document.activeElement !== control) setValue(control, typed(value, 4));
    }
    if (document.activeElement !== text) {
      setValue(text, kernelText(numbers));
      setText(error, "");
      text.removeAttribute("aria-invalid");
    }
  }

  return { render, colours: (channels) => (ownField.hidden = channels < 3) };
}

/** Dragging a number up or right makes it larger: by whole steps, by tenths with Shift. A click still types. */
function makeDraggable(cell, read, write) {
  let from = null;
  cell.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !cell.disabled)
      from = { x: event.clientX, y: event.clientY, value: read(), moved: false };
  });
  cell.addEventListener("pointermove", (event) => {
    if (!from) return;
    const steps = Math.round((event.clientX - from.x - (event.clientY - from.y)) / DRAG);
    if (!from.moved && steps === 0) return;
    if (!from.moved) cell.setPointerCapture(event.pointerId);
    from.moved = true;
    cell.classList.add("dragged");
    write(from.value + steps * (event.shiftKey ? 0.1 : Math.abs(from.value) % 1 ? 0.1 : 1));
  });
  const stop = () => {
    if (from?.moved) cell.blur();
    cell.classList.remove("dragged");
    from = null;
  };
  cell.addEventListener("pointerup", stop);
  cell.addEventListener("pointercancel", stop);
}
