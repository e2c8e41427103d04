// The answer: one column of classes, the most probable first, with their full names. What changes is told for a moment,
// “99.3 → 85.7 %”, and rows slide to their new rank.

import { breakable, h, setText } from "../../shared/dom.js";
import { best, scoresOf } from "../prediction.js";
import { percent, value } from "../words.js";

const TOLD = 4000; // milliseconds for which a change is told
const SLIDE = 350; // milliseconds
const MANY = 50; // classes that are shown at most
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/**
 * The column in `holder`. `names` are those of all classes, `probabilities` says whether scores are such; at most `most` are shown, until more are asked for.
 * `onpick(class)` hears of a click.
 */
export function createAnswer(holder, { names, probabilities, most, onpick, onmore = () => {} }) {
  const what = probabilities ? ["Probability of each class", "The most probable classes"] : ["Score of each class", "The highest scores"];
  const title = h("p", { class: "answer-title", id: "answer-title" }, what[names.length > MANY ? 1 : 0]);
  const list = h("ol", { class: "answer-rows", "aria-labelledby": "answer-title" });
  const more = h("button", { type: "button", class: "quiet answer-more", onclick: () => ((all = !all), show(), onmore()) });
  holder.append(title, list, more);
  const rows = new Map(); // class -> its row
  let all = false;
  let last = null; // {scores, label, blank}
  let settled = null; // the scores when nothing had changed for a while
  let order = [];
  let timer = null;

  function rowOf(index) {
    if (!rows.has(index)) rows.set(index, createRow(names[index], () => onpick(index)));
    return rows.get(index);
  }

  function show() {
    const { scores, label, blank } = last;
    const count = Math.min(scores.length, all ? MANY : most);
    order = ranked(scores).slice(0, count);
    const top = blank ? -1 : best(scores);
    const largest = scores.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
    const before = new Map([...list.children].map((item) => [item, item.offsetTop]));
    const items = order.map((index) => {
      const row = rowOf(index);
      row.show({
        text: changed(settled?.[index], scores[index], probabilities),
        share: Math.max(0, probabilities ? scores[index] : scores[index] / largest),
        isTop: index === top,
        isTrue: index === label,
      });
      return row.item;
    });
    if (items.some((item, i) => list.children[i] !== item) || list.children.length !== items.length) {
      reorder(items);
      slide(items, before);
    }
    const rest = scores.length - count;
    more.hidden = rest <= 0 && !all;
    if (scores.length <= most) more.hidden = true;
    setText(more, all ? "Show fewer" : `${rest.toLocaleString("en")} more ${rest === 1 ? "class" : "classes"}`);
  }

  /** Puts the rows in order and leaves the focus where it is. */
  function reorder(items) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    list.replaceChildren(...items);
    focused?.focus({ preventScroll: true });
  }

  function slide(items, before) {
    if (calm.matches) return;
    for (const item of items) {
      const by = (before.get(item) ?? item.offsetTop) - item.offsetTop;
      if (by) item.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: SLIDE, easing: "ease-out" });
    }
  }

  return {
    /** Shows a run's main output; `label` is the true class or null, of a `blank` image nothing is predicted. */
    render(output, label, blank = false) {
      const scores = scoresOf(output, probabilities);
      if (last && scores.length === last.scores.length && scores.every((each, i) => each === last.scores[i]) && label === last.label && blank === last.blank) return;
      settled ??= scores;
      last = { scores, label, blank };
      show();
      clearTimeout(timer);
      timer = setTimeout(() => {
        settled = last.scores;
        show();
      }, TOLD);
    },
    /** The classes that are shown, from above. */
    classes: () => order,
    /** Where the row of a rank stands or will stand, {top, height} in client coordinates; null where there is none. */
    boxOf(rank) {
      const item = list.children[rank];
      return item ? { top: list.getBoundingClientRect().top + item.offsetTop, height: item.offsetHeight } : null;
    },
    setMost(count) {
      if (count === most) return;
      most = count;
      if (last) show();
    },
  };
}

/** Classes by falling score; of equal ones the first. */
export const ranked = (scores) => [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b);

/** A score in words, with the one before where that reads otherwise: “99.3 → 85.7 %”. */
export function changed(before, now, probabilities) {
  const text = probabilities ? percent : value;
  const [from, to] = [before ?? now, now].map((each) => text(each));
  return from === to ? to : `${from.replace(/ %$/, "")} → ${to}`;
}

function createRow(name, onclick) {
  const bar = h("i", { class: "fill" });
  const score = h("span", { class: "score" });
  const role = h("span", { class: "visually-hidden" });
  const button = h("button", { type: "button", onclick }, h("span", { class: "class" }, breakable(name)), score, h("span", { class: "track" }, bar), role);
  const item = h("li", {}, button);
  return {
    item,
    show({ text, share, isTop, isTrue }) {
      bar.style.width = `${100 * share}%`;
      setText(score, text);
      item.classList.toggle("lit", isTop);
      item.classList.toggle("true", isTrue);
      item.classList.toggle("moved", text.includes("→"));
      setText(role, `${isTop ? ", the prediction" : ""}${isTrue ? ", the true class" : ""}`);
    },
  };
}
