// Draws exercises, or judges answers, in JSON. See test_exercises.py, which has answers of its own.
import { readFileSync } from "node:fs";
import { STATIC } from "./support.js";

const { createChance } = await import(new URL("exercises/chance.js", STATIC));
const { readGiven } = await import(new URL("exercises/given.js", STATIC));
const { KINDS, TOPICS } = await import(new URL("exercises/list.js", STATIC));

const { given, seeds, answers } = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const kinds = TOPICS.flatMap((topic) => topic.kinds);

function draw() {
  const read = readGiven(given);
  return kinds.flatMap((kind) =>
    seeds.map((seed) => {
      const settings = kind.draw(createChance(kind.name, seed), read);
      const { asks, text, hint, explanation } = kind.build(settings);
      return { kind: kind.name, settings, options: asks.options?.map(({ text: said }) => said), words: [text, hint, explanation].flat() };
    }),
  );
}

const judge = ({ kind, settings, answer }) => KINDS[kind].build(settings).judge(answer);

console.log(JSON.stringify(answers ? answers.map(judge) : draw()));
