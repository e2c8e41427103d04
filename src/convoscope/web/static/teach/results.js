// What training found: how many are right by cross-validation, the confusion matrix, and pictures to look at again.

import { h } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { likelihood, percent } from "./live.js";

const LISTED = 40; // pictures of one cell
const LABEL = "suspected label"; // the kinds of convoscope.quality
const WORDS = {
  [LABEL]: ({ own, other, sure }) => `In “${own}” but looks like “${other}” (${likelihood(sure)} sure).`,
  "near-duplicate": ({ own, other }) => `In “${own}”, and the same picture is in “${other}”: at most one of them is right.`,
  outlier: ({ own, reason }) => `In “${own}”. ${reason}`,
};

/** The results in `holder`; `act.open(picture)` shows a picture large. */
export function createResults(holder, { act }) {
  let drawn = "";

  return function show({ trained }) {
    holder.hidden = !trained;
    const key = JSON.stringify([trained?.names, trained?.cells, trained?.notes, trained?.seconds]);
    if (!trained || key === drawn) return;
    drawn = key;
    const { names, confusion, accuracy, interval, cells, seconds, flattered, notes } = trained;
    const shown = h("div", { class: "thumbnails", id: "cell" });
    const title = h("p", { class: "note", id: "cell-title" });
    const list = (row, column) => {
      const some = cells.filter(([, own, taken]) => own === row && taken === column);
      title.textContent =
        row === column ? `“${names[row]}”, classified correctly:` : `“${names[row]}” classified as “${names[column]}”:`;
      shown.replaceChildren(
        ...some.slice(0, LISTED).map(([id]) =>
          h(
            "button",
            { type: "button", class: "thumbnail", "aria-label": `Picture ${id}`, onclick: () => act.open(id) },
            h("img", { src: `data/thumbnail/${id}`, alt: "", loading: "lazy" }),
          ),
        ),
      );
    };
    const cell = (count, row, column) =>
      h(
        "td",
        {},
        h(
          "button",
          {
            type: "button",
            class: row === column ? "right" : count ? "wrong" : "",
            disabled: count === 0,
            "aria-label": `${plural(count, "picture")} of ${names[row]} classified as ${names[column]}`,
            onclick: () => list(row, column),
          },
          String(count),
        ),
      );
    const table = h(
      "table",
      { class: "confusion" },
      h("caption", { class: "visually-hidden" }, "Rows: the class of the pictures. Columns: the predicted class."),
      h("thead", {}, h("tr", {}, h("td"), names.map((name) => h("th", { scope: "col", title: name }, name)))),
      h("tbody", {}, confusion.map((row, i) => h("tr", {}, h("th", { scope: "row", title: names[i] }, names[i]), row.map((count, j) => cell(count, i, j))))), // prettier-ignore
    );
    const content = [
      h(
        "p",
        { class: "accuracy" },
        h("b", {}, percent(accuracy)),
        ` right in cross-validation (${percent(interval[0])} to ${percent(interval[1])}), learned in ${seconds.toFixed(1)} s`,
      ),
      flattered.length
        ? h("p", { class: "note", id: "flattered" }, `This is too optimistic: all pictures of ${flattered.map((name) => `“${name}”`).join(", ")} come from one recording, and look alike. Record ${flattered.length > 1 ? "each" : "it"} again, in another place or another light.`) // prettier-ignore
        : null,
      h("p", { class: "note" }, "Each picture was classified by a classifier that had not seen it. Rows are true classes, columns are predictions."), // prettier-ignore
      h("div", { class: "scroller", tabIndex: 0, role: "group", "aria-label": "Confusion matrix: true class → prediction" }, table),
      title,
      shown,
      ...notes.map((note) => h("p", { class: "note" }, note)),
    ];
    holder.replaceChildren(...content.filter(Boolean));
  };
}

/** Pictures that may be wrong, in `section`, which has a list `#suspects`. */
export function createSuspects(section, list, { act }) {
  let drawn = "";

  return function show({ trained, classes }) {
    const suspicious = trained?.suspicious ?? [];
    section.hidden = !suspicious.length;
    const nameOf = new Map(classes.map(({ id, name }) => [id, name]));
    const ownOf = new Map(classes.flatMap(({ id, pictures }) => pictures.map(([picture]) => [picture, id])));
    const key = JSON.stringify([suspicious, [...nameOf]]);
    if (key === drawn) return;
    drawn = key;
    const picture = (id) => h("button", { type: "button", class: "thumbnail picture", "aria-label": `Picture ${id}`, onclick: () => act.open(id) }, h("img", { src: `data/thumbnail/${id}`, alt: "" })); // prettier-ignore
    const change = (text, asked) => h("button", { type: "button", onclick: () => act.change(asked) }, text);
    list.replaceChildren(
      ...suspicious.map((each) => {
        const { id, kind, like, twin } = each;
        const told = { ...each, own: nameOf.get(ownOf.get(id)) ?? "", other: nameOf.get(like) ?? "a class that is gone" };
        return h(
          "div",
          { class: "suspect", dataset: { id: String(id), kind } },
          h("div", { class: "pictures" }, picture(id), twin === null ? null : picture(twin)),
          h(
            "div",
            {},
            h("p", {}, WORDS[kind](told)),
            h(
              "div",
              { class: "row" },
              kind === LABEL && nameOf.has(like) ? change(`Move to ${told.other}`, { do: "place pictures", places: [[id, like]] }) : null,
              change("Label is correct", { do: "check pictures", ids: [id], checked: true }),
              change("Remove", { do: "remove pictures", ids: [id] }),
            ),
          ),
        );
      }),
    );
  };
}
