// The chain of steps, from the image to the last result; the chosen one lies on the bench.

import { byId, h } from "../shared/dom.js";
import { makeStep, MOST_STEPS, title } from "./steps.js";

/** The strip in #chain. */
export function createChainStrip(state, presets) {
  const list = h("ol", { class: "chain" });
  const addFilter = h("button", { type: "button", id: "add-filter", onclick: () => add("convolve") }, "+ Filter");
  const addPool = h("button", { type: "button", id: "add-pool", onclick: () => add("pool") }, "+ Pooling");
  byId("chain").append(list, h("div", { class: "chain-add" }, addFilter, addPool));

  function add(type) {
    const { steps, selected } = state.get();
    const next = [...steps.slice(0, selected + 1), makeStep(type), ...steps.slice(selected + 1)];
    state.change({ steps: next, selected: selected + 1, position: null });
  }

  function remove(index) {
    const { steps, selected } = state.get();
    const rest = steps.filter((_, i) => i !== index);
    state.change({
      steps: rest,
      selected: Math.min(selected - (index < selected ? 1 : 0), rest.length - 1),
      position: null,
    });
    list.querySelector("[aria-current] ")?.focus();
  }

  function entry(step, index) {
    const thumbnail = h("canvas", { class: "thumbnail", width: 44, height: 44 });
    const size = h("span", { class: "muted size" });
    const name = h("span", { class: "name" });
    const choose = h(
      "button",
      { type: "button", class: "step", onclick: () => state.change({ selected: index, position: null }) },
      thumbnail,
      h("span", { class: "words" }, name, size),
    );
    const drop = h("button", { type: "button", class: "remove", onclick: () => remove(index) }, "×");
    return { item: h("li", {}, choose, drop), thumbnail, size, name, choose, drop };
  }

  let entries = [];
  let seen = -1;
  return {
    /** `results`: for each step {size text, canvas with its output}, or null where it could not be computed. */
    render(results) {
      const { steps, selected, lock } = state.get();
      if (entries.length !== steps.length) {
        entries = steps.map(entry);
        list.replaceChildren(...entries.map(({ item }) => item));
      }
      const locked = lock.includes("chain");
      steps.forEach((step, i) => {
        const { thumbnail, size, name, choose, drop } = entries[i];
        name.textContent = `${i + 1}  ${title(step, presets)}`;
        size.textContent = results[i]?.size ?? "does not fit";
        if (i === selected) choose.setAttribute("aria-current", "step");
        else choose.removeAttribute("aria-current");
        drop.hidden = steps.length === 1 || locked;
        drop.setAttribute("aria-label", `Remove step ${i + 1}, ${title(step, presets)}`);
        drawThumbnail(thumbnail, results[i]?.image);
      });
      if (selected !== seen) list.scrollLeft = entries[selected].item.offsetLeft - list.offsetLeft - 24;
      seen = selected;
      for (const button of [addFilter, addPool]) button.disabled = steps.length >= MOST_STEPS || locked;
      addFilter.title = steps.length >= MOST_STEPS ? `A chain has up to ${MOST_STEPS} steps` : "";
    },
  };
}

function drawThumbnail(canvas, image) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!image) return;
  const scale = Math.min(canvas.width / image.width, canvas.height / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(image, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
