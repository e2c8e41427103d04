// All exercises: the page's own by topic, and those that a teacher has added.

import { MOST_SEED, createChance } from "./chance.js";
import { border } from "./kinds/border.js";
import { curves } from "./kinds/curves.js";
import { edit } from "./kinds/edit.js";
import { kernel } from "./kinds/kernel.js";
import { network } from "./kinds/network.js";
import { choice, number } from "./kinds/own.js";
import { parameters } from "./kinds/parameters.js";
import { pixel } from "./kinds/pixel.js";
import { pooling } from "./kinds/pooling.js";
import { receptive } from "./kinds/receptive.js";
import { relu } from "./kinds/relu.js";
import { size } from "./kinds/size.js";
import { softmax } from "./kinds/softmax.js";
import { tasks } from "./kinds/tasks.js";

export const TOPICS = [
  { title: "Convolution", kinds: [pixel, kernel, edit, relu] },
  { title: "Sizes", kinds: [border, size, pooling, receptive] },
  { title: "Networks", kinds: [parameters, network, softmax, curves] },
  { title: "In Python", kinds: tasks },
];
/** All kinds by name, also those that are only in teachers' files. */
export const KINDS = Object.fromEntries([...TOPICS.flatMap((topic) => topic.kinds), number, choice].map((kind) => [kind.name, kind]));

/**
 * The exercises in the order of a lesson: {topics: [{title, entries}], find(name)}. An entry is {name, title, drawn,
 * make(seed)}; where `drawn` is false, it is the same for all seeds. `own`: what a teacher's file says, or null.
 */
export function listOf(given) {
  const topics = TOPICS.map(({ title, kinds }) => ({ title, entries: kinds.map((kind) => drawnEntry(kind, given)) }));
  if (given.own) topics.unshift({ title: given.own.title, entries: given.own.exercises.map((each, i) => ownEntry(each, i, given)) });
  const entries = topics.flatMap((topic) => topic.entries);
  return { topics, entries, find: (name) => entries.find((entry) => entry.name === name) };
}

const drawnEntry = (kind, given) => ({
  name: kind.name,
  title: kind.title,
  drawn: true,
  make: (seed) => kind.build(kind.draw(createChance(kind.name, seed), given)),
});

/** A teacher's: one of the page's own with a seed, or settings of her own. */
function ownEntry({ kind: name, title, seed, ...settings }, i, given) {
  const kind = KINDS[name];
  const entry = { name: `own-${i}`, title: title ?? kind.title, drawn: false };
  if (seed !== undefined) return { ...entry, make: () => drawnEntry(kind, given).make(seed) };
  return { ...entry, make: () => kind.build(settings) };
}

/** A seed for somebody who brought none. */
export const anySeed = () => 1 + Math.floor(Math.random() * MOST_SEED);
