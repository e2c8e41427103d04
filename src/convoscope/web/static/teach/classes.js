// The cards of the classes: name, pictures, and what can be done with them.

import { h, setText, setValue } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { droppedFiles, isPicture } from "./files.js";

/** Puts elements in order. What is moved loses the focus, and what is being typed: only what lies elsewhere is. */
function arrange(holder, elements) {
  const wanted = new Set(elements);
  for (const child of [...holder.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, index) => {
    if (holder.children[index] !== element) holder.insertBefore(element, holder.children[index] ?? null);
  });
}

const SHOWN = 24; // thumbnails of a class, until all are asked for

/**
 * The cards in `holder`. `act.change(change)` changes the session, `act.add(group, files)` adds files, `act.open(picture,
 * group)` shows one large; `recorder(group, name)` makes a button that records.
 */
export function createClasses(holder, { act, recorder, say }) {
  const cards = new Map(); // the class's id -> its card
  let suspicious = new Set();

  function show(state) {
    suspicious = new Set((state.trained?.suspicious ?? []).map(({ id }) => id));
    const there = new Set(state.classes.map(({ id }) => id));
    for (const id of [...cards.keys()]) if (!there.has(id)) cards.delete(id);
    for (const { id } of state.classes) if (!cards.has(id)) cards.set(id, create(id));
    arrange(holder, state.classes.map(({ id }) => cards.get(id).element));
    state.classes.forEach((each, index) => cards.get(each.id).show(each, index, state.classes.length));
  }

  function create(group) {
    const name = h("input", { type: "text", "aria-label": "Class name", maxLength: 60, spellcheck: false });
    const count = h("span", { class: "count" });
    const file = h("input", { type: "file", accept: "image/*", multiple: true, class: "visually-hidden", tabIndex: -1, "aria-label": "Pictures" }); // prettier-ignore
    const up = h("button", { type: "button", class: "quiet icon", onclick: () => move(-1) }, "↑");
    const down = h("button", { type: "button", class: "quiet icon", onclick: () => move(1) }, "↓");
    const remove = h("button", { type: "button", class: "quiet icon", onclick: () => act.change({ do: "remove class", id: group }) }, "×"); // prettier-ignore
    const thumbnails = h("div", { class: "thumbnails" });
    const record = recorder(group);
    const add = h("button", { type: "button", onclick: () => file.click() }, "Add pictures…");
    const element = h(
      "section",
      { class: "card class", dataset: { group: String(group) } },
      h("div", { class: "head" }, name, count, h("div", { class: "row" }, up, down, remove)),
      h("div", { class: "row" }, record, add, file),
      thumbnails,
    );
    let shown = { name: "", pictures: [] };
    let index = 0;
    let all = false;
    let drawn = "";

    function move(by) {
      act.change({ do: "move class", id: group, at: index + by });
    }
    name.addEventListener("change", async () => {
      const changed = await act.change({ do: "rename class", id: group, name: name.value });
      if (!changed) name.value = shown.name; // it was refused, and that was said
    });
    name.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") name.value = shown.name;
      if (key === "Enter" || key === "Escape") name.blur();
    });
    file.addEventListener("change", () => {
      act.add(group, [...file.files]);
      file.value = "";
    });
    element.addEventListener("dragover", (event) => {
      event.preventDefault();
      element.classList.add("over");
    });
    element.addEventListener("dragleave", () => element.classList.remove("over"));
    element.addEventListener("drop", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      element.classList.remove("over");
      const files = await droppedFiles(event.dataTransfer);
      const fit = files.filter(({ path }) => isPicture(path)).map((each) => each.file);
      if (fit.length < files.length) say(`${plural(files.length - fit.length, "file")} left out: they do not have a picture's file extension.`, "error");
      act.add(group, fit);
    });

    function draw() {
      const { pictures } = shown;
      const some = all ? pictures : pictures.slice(-SHOWN); // the newest, so that a recording is seen
      const key = JSON.stringify([some, some.map(([id]) => suspicious.has(id)), pictures.length]);
      if (key === drawn) return;
      drawn = key;
      const before = new Map([...thumbnails.children].map((each) => [each.dataset.id, each]));
      const buttons = some.map((picture) => {
        const button = before.get(String(picture[0])) ?? thumbnail(picture);
        button.classList.toggle("suspicious", suspicious.has(picture[0]));
        return button;
      });
      const rest = pictures.length - some.length;
      const more = rest || (all && pictures.length > SHOWN)
        ? [h("button", { type: "button", class: "thumbnail more", "aria-expanded": String(all), onclick: toggle }, all ? "Fewer" : `+${rest}`)]
        : [];
      arrange(thumbnails, [...buttons, ...more]);
    }

    function toggle() {
      all = !all;
      draw();
    }

    function thumbnail([id, file]) {
      const image = h("img", { src: `data/thumbnail/${id}`, alt: "", loading: "lazy", decoding: "async" });
      return h(
        "button",
        {
          type: "button",
          class: "thumbnail",
          dataset: { id: String(id) },
          "aria-label": `Picture ${id}, ${file}`,
          title: file,
          onclick: () => act.open(id, group),
          onkeydown: ({ key, currentTarget }) => {
            if (key !== "Delete" && key !== "Backspace") return;
            (currentTarget.nextElementSibling ?? currentTarget.previousElementSibling ?? name).focus();
            act.change({ do: "remove pictures", ids: [id] });
          },
        },
        image,
      );
    }

    return {
      element,
      show(each, at, classes) {
        [shown, index] = [each, at];
        if (document.activeElement !== name) setValue(name, each.name);
        element.setAttribute("aria-label", `Class ${each.name}`);
        record.setAttribute("aria-label", `Hold to record ${each.name}`);
        add.setAttribute("aria-label", `Add pictures to ${each.name}`);
        up.setAttribute("aria-label", `Move ${each.name} up`);
        down.setAttribute("aria-label", `Move ${each.name} down`);
        remove.setAttribute("aria-label", `Remove ${each.name}`);
        remove.title = "Remove this class. Undo brings it back.";
        [up.disabled, down.disabled] = [at === 0, at === classes - 1];
        setText(count, plural(each.pictures.length, "picture"));
        draw();
      },
    };
  }

  return { show };
}
