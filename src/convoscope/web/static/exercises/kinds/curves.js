// Reading curves: when does overfitting begin?

import { choiceOf } from "../choices.js";
import { judgeNumber } from "../judging.js";

export const curves = {
  name: "curves",
  title: "When does overfitting begin?",

  draw(chance) {
    const epochs = chance.pick([12, 15, 20]);
    const shape = chance.pick(["over", "over", "over", "short", "dropout"]);
    const best = shape === "over" ? chance.whole(4, epochs - 5) : epochs;
    return { ...made(chance, { epochs, best, shape }), asks: shape === "over" ? chance.pick(["stop", "stop", "says"]) : "says", shape };
  },

  /** `training` and `validation`: the loss of each epoch; `asks`: "stop" for the best epoch, "says" for what they say. */
  build({ training, validation, asks = "stop", shape = "over", text, hint, explanation }) {
    const lowest = (list) => list.indexOf(Math.min(...list)) + 1;
    const best = lowest(validation);
    const chart = { kind: "curves", title: "Loss after each epoch, in a made-up training run", training, validation };
    const is = asks === "stop" ? stop(training, validation, best, lowest) : says(shape, validation);
    return {
      text: text ?? is.text,
      shows: [chart],
      asks: is.asks,
      judge: is.judge,
      hint: hint ?? is.hint,
      explanation: [...(explanation ?? []), { ...chart, mark: shape === "over" ? best : null }, is.why],
      link: { page: "explorer", state: "", says: "See the curves of a trained network" },
    };
  },
};

const PACE = { over: 1 / 5, short: 1 / 1.6, dropout: 1 / 8 }; // of the epochs: how soon the loss is down to a third

/** Curves as training makes them; these are made up, from exponentials and a little noise. */
function made(chance, { epochs, best, shape }) {
  const noise = () => chance.whole(-6, 6) / 1000;
  const fall = (epoch, pace, floor) => floor + 0.9 * Math.exp(-epoch / pace);
  const round = (value) => Math.round(value * 1000) / 1000;
  const numbers = Array.from({ length: epochs }, (_, i) => i + 1);
  const training = numbers.map((epoch) => round(fall(epoch, PACE[shape] * epochs, shape === "short" ? 0.05 : 0.03) + noise()));
  const validation = numbers.map((epoch, i) => {
    const rising = Math.max(0, epoch - best) * 0.022;
    return round(training[i] + (shape === "short" ? 0.02 : shape === "dropout" ? 0.03 : 0.06) + (epoch <= best ? 0 : training[best - 1] - training[i] + rising) + (shape === "over" && epoch === best ? -0.02 : Math.abs(noise())));
  });
  return { training, validation };
}

function stop(training, validation, best, lowest) {
  return {
    text: ["A network was trained for some epochs. It was trained for too long: it began to memorize the training images.", "After which epoch should it have been stopped?"],
    asks: { kind: "number", label: "Epoch", whole: true },
    judge: (answer) =>
      judgeNumber(answer, {
        value: best,
        mistakes: [
          [lowest(training), "There, the loss on the training images is smallest. But memorizing them is exactly what we want to avoid."],
          [validation.length, "At the end, the validation loss has long been rising again."],
          [best - 1, "You are off by one. Epochs are counted from 1 here, and the curve still falls after this one."],
          [best + 1, "You are off by one: the validation loss has already risen there."],
          [1, "After one epoch, both losses are still falling: there is more to learn."],
        ],
      }),
    hint: ["Look at the images that the network does not train with. When is the loss on these images smallest?"],
    why: `The validation loss is smallest after epoch ${best}. From then on only the training loss falls: the network gets better at the training images, and worse at all others. The callback EarlyStopping stops at that point; dropout delays it.`,
  }; // prettier-ignore
}

const SAYS = [
  ["over", "It overfits: it memorizes the training images.", "Then the validation loss would rise while the training loss falls."],
  ["short", "It has not been trained for long enough.", "Then both losses would still be falling clearly at the end."],
  ["dropout", "It generalizes well: what it learns holds for new images too.", "Then both losses would end low and close together."],
];

function says(shape, validation) {
  const right = SAYS.find(([name]) => name === shape);
  const options = [right, ...SAYS.filter((each) => each !== right)].map(([, text, why]) => [text, why]);
  return {
    text: ["What do these curves say about the network?"],
    ...choiceOf("What the curves say", options, validation.join()),
    hint: ["Look at the end of both curves: are they falling, level or rising, and how far apart are they?"],
    why: {
      over: "The training loss keeps falling while the validation loss rises: overfitting. Stop earlier, add dropout, or train with more images.",
      short: "Both losses are still falling at the end, side by side. Train for more epochs.",
      dropout: "Both losses have come down and stay close together, level at the end: the network does as well on new images as on the training images.",
    }[shape],
  };
}
