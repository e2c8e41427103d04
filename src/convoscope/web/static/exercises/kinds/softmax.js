// Softmax: which class wins, how sure is that, and what happens when a score rises.

import { number } from "../../shared/format.js";
import { choiceOf } from "../choices.js";
import { activated } from "../computing.js";
import { judgeNumber } from "../judging.js";

const NAMES = ["Trouser", "Sneaker", "Coat", "Bag", "Sandal", "Dress"];

export const softmax = {
  name: "softmax",
  title: "From scores to probabilities",

  draw(chance) {
    const scores = chance.some([-2, -1, 0, 1, 2, 3, 4], 3);
    return { classes: chance.some(NAMES, 3), scores, asks: chance.pick(["probability", "rises", "all"]), of: chance.whole(0, 2) };
  },

  /** `asks`: the probability of class `of`; what happens when its score rises; or when all scores rise. */
  build({ classes, scores, asks = "probability", of = 0, text, hint, explanation }) {
    const about = { classes, scores, of, shares: activated([scores], "softmax")[0] };
    const is = ASKS[asks](about);
    return {
      text: text ?? is.text,
      shows: [{ kind: "bars", title: "Scores", names: classes, values: scores, signed: true }],
      asks: is.asks,
      judge: is.judge,
      hint: hint ?? is.hint,
      explanation: [...(explanation ?? []), ...is.explanation],
      link: { page: "explorer", state: "", says: "See the softmax of a trained network" },
    };
  },
};

const percent = (share) => `${number(100 * share, 1)} %`;
const powers = (scores) => scores.map((score) => Math.exp(score));
const total = (list) => list.reduce((a, b) => a + b, 0);
const bars = (title, classes, shares) => ({ kind: "bars", title, names: classes, values: shares, percent: true });

/** e to the power of each score, to the digits that let the sum shown be the sum of what is shown. */
const tableOf = (classes, scores) => classes.map((name, i) => `${name}:  e^${number(scores[i])} = ${number(Math.exp(scores[i]), 3)}`);

const ASKS = {
  probability({ classes, scores, of, shares }) {
    const raised = powers(scores);
    const positive = scores.map((score) => Math.max(0, score));
    const mistakes = [
      [shares[of], `Your answer is a fraction of 1: write it in percent.`],
      [(100 * scores[of]) / total(scores), "You divided the score by the sum of the scores. Softmax first raises e to the power of each score."],
      [(100 * positive[of]) / total(positive), "You divided by the sum of the positive scores. Softmax first raises e to the power of each score."],
      [(100 * 2 ** scores[of]) / total(scores.map((score) => 2 ** score)), "You took powers of 2. Softmax takes powers of e, which is 2.718."],
      [(100 * 10 ** scores[of]) / total(scores.map((score) => 10 ** score)), "You took powers of 10. Softmax takes powers of e, which is 2.718."],
      [(100 * raised[of]) / (total(raised) - raised[of]), "You divided by the sum of the others. The sum includes the class itself."],
      [100 / classes.length, "All classes would have that if all scores were the same."],
      ...shares.map((share, i) => [100 * share, `That is the probability of ${classes[i]}.`]),
    ];
    return {
      text: [`A network gives these three scores. What probability, in percent, does softmax assign to ${classes[of]}?`],
      asks: { kind: "number", label: "Percent" },
      judge: (answer) => judgeNumber(answer, { value: 100 * shares[of], tolerance: Math.min(0.6, 20 * shares[of]), mistakes: mistakes.filter(([wrong]) => Number.isFinite(wrong)) }),
      hint: ["Raise e to the power of each score. The probability of a class is its power, divided by the sum of all of them. Above 3 %, a whole number is precise enough."],
      explanation: [
        { kind: "equation", lines: [...tableOf(classes, scores), `${classes[of]}:  ${number(raised[of], 3)} ÷ ${number(total(raised), 3)} = ${percent(shares[of])}`] },
        bars("Probabilities", classes, shares),
      ],
    };
  },

  rises({ classes, scores, of, shares }) {
    const after = activated([scores.map((score, i) => score + (i === of ? 1 : 0))], "softmax")[0];
    const winner = after.indexOf(Math.max(...after));
    const others = classes.filter((_, i) => i !== of);
    const ahead = classes[scores.indexOf(Math.max(...scores))];
    const options = [
      [`${classes[of]} becomes more probable; ${others.join(" and ")} both become less probable.`, ""],
      [`${classes[of]} becomes more probable; the others stay as they are.`, "The probabilities sum to 1: if one grows, the others have to shrink."],
      [`${classes[of]} becomes more probable by 1 percentage point.`, "Scores are not percentages: each score is an exponent of e."],
      [`Nothing changes as long as ${ahead} is ahead.`, "Which class is ahead may stay the same. The probabilities change with every score."],
    ];
    return {
      text: [`${classes[of]}’s score rises by 1; the others stay the same. What happens to the probabilities?`],
      ...choiceOf("What happens", options, scores.join()),
      hint: ["The probabilities of all classes sum to 1."],
      explanation: [
        bars("Before", classes, shares),
        bars("After", classes, after),
        `${classes[of]}’s power of e is multiplied by e, about 2.718. The sum grows, so all the others shrink, by the same factor. ${classes[winner]} ${winner === of && shares.indexOf(Math.max(...shares)) !== of ? "now wins" : "wins"}.`,
      ],
    };
  },

  all({ classes, scores, shares }) {
    const options = [
      ["Nothing: all probabilities stay the same.", ""],
      ["The class that is ahead becomes more probable.", "Multiplying the scores would do that. Adding the same number to all of them does not."],
      ["All three become more probable.", "The probabilities sum to 1: they cannot all grow."],
      ["They become more alike.", "Scores that are closer together would do that. Here the distances stay the same."],
    ];
    return {
      text: ["All three scores rise by 1. What happens to the probabilities?"],
      ...choiceOf("What happens", options, scores.join()),
      hint: ["e to the power of (score + 1) is e times e to the power of the score. What happens to the sum?"],
      explanation: [bars("Probabilities, before and after", classes, shares), "Every power of e is multiplied by e, and so is their sum: the quotients stay the same. Only the differences between scores count.", `Here ${classes[shares.indexOf(Math.max(...shares))]} wins either way.`], // prettier-ignore
    };
  },
};
