// Tasks that a person does in Python, with a network of her own. The check there gives a code if the run has done it.

import { MOST_SEED, hash } from "../chance.js";

const LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; // none that looks like another
const LENGTH = 6;

/** What convoscope.exercises.check prints for a task that is done. */
export function proofOf(task, seed) {
  const number = hash(`convoscope ${task} ${seed}`);
  return Array.from({ length: LENGTH }, (_, i) => LETTERS[Math.floor(number / 32 ** i) % 32]).join("");
}

const BEGIN = `import convoscope as cs
from convoscope import exercises

data = cs.datasets.load("digits")              # or "mnist", "fashion-mnist"
x_train, x_test = (x[..., None] / data.info.max_value for x in (data.x_train, data.x_test))
`;
const NETWORK = `model = cs.Sequential([
    cs.Input(shape=x_train.shape[1:]),
    cs.layers.Conv2D(32, (3, 3), padding="same", activation="relu"),
    cs.layers.MaxPooling2D(2, 2),
    cs.layers.Flatten(),
    cs.layers.Dense(128, activation="relu"),
    cs.layers.Dense(10, activation="softmax"),
])
`;
const FIT = `model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, data.y_train, epochs=20, validation_data=(x_test, data.y_test))
`;

const TASKS = [
  {
    name: "lesson-network",
    title: "Build the lesson’s network",
    text: ["Build the network of the lessons for images of 28×28×1: two convolutions of 64 filters, 3×3, each with ReLU and followed by a max pooling of 2×2; then a dense layer of 128 units with ReLU, and one of 10 with softmax. Its summary says 243,786 parameters."],
    code: () => `import convoscope as cs
from convoscope import exercises

model = cs.Sequential([
    cs.Input(shape=(28, 28, 1)),
    ...                                        # your layers
])
model.summary()
`,
    results: "model",
    hint: ["The images have to become a single row of values before the first dense layer."],
    why: "640 parameters are in the first convolution, 36,928 in the second, 204,928 in the first dense layer and 1,290 in the last.",
  },
  {
    name: "reach-99",
    title: "Reach 99 % and stop there",
    text: ["Let training run for at most 20 epochs, and let a callback stop it as soon as the accuracy on the training images reaches 99 %."],
    code: () => `${BEGIN}
${NETWORK}
class StopAtGoal(cs.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        ...                                    # your lines

${FIT.replace("validation_data", "callbacks=[StopAtGoal()],\n                    validation_data")}`,
    results: "history",
    hint: ["logs[\"accuracy\"] is the accuracy of the epoch that has just ended.", "self.model.stop_training = True ends the training after this epoch."],
    why: "A callback receives the results of each epoch and can stop training. Further epochs would cost time, and might overfit.",
  },
  {
    name: "two-scales",
    title: "A second convolution",
    text: ["Add a second convolution, with a pooling between the two, and reach 98 % on the test images."],
    code: () => `${BEGIN}
${NETWORK.replace("    cs.layers.Flatten(),", "    ...                                        # your layers\n    cs.layers.Flatten(),")}
${FIT}`,
    results: "history",
    hint: ["A convolution finds patterns of one scale. After a pooling, the same 3×3 window covers twice as much of the image."],
    why: "The second convolution combines what the first has found, at a larger scale.",
  },
  {
    name: "dropout",
    title: "Dropout and the gap",
    text: ["Train the network twice, without dropout and with it. With dropout, the gap between the accuracy on the training images and that on the test images must be smaller than without it, and the accuracy on the test images must still reach 90 %."],
    code: () => `${BEGIN}
def train(*after_pooling):
    model = cs.Sequential([
        cs.Input(shape=x_train.shape[1:]),
        cs.layers.Conv2D(32, (3, 3), padding="same", activation="relu"),
        cs.layers.MaxPooling2D(2, 2),
        *after_pooling,
        cs.layers.Flatten(),
        cs.layers.Dense(128, activation="relu"),
        cs.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x_train, data.y_train, epochs=20, validation_data=(x_test, data.y_test))

without = train()
dropped = train(...)                           # your layer
`,
    results: "without, dropped",
    hint: ["cs.layers.Dropout(0.4) sets 40 % of the values that pass through it to 0, different ones in each step. Usual rates are 0.2 to 0.5."],
    why: "With dropout the network cannot rely on any single value, so it memorizes fewer details of the training images.",
  },
  {
    name: "sweet-spot",
    title: "Fewer values than pixels",
    text: ["Choose convolutions and poolings so that fewer values reach the first dense layer than the image has pixels, and still reach 95 % on the test images."],
    code: () => `${BEGIN}
model = cs.Sequential([
    cs.Input(shape=x_train.shape[1:]),
    ...                                        # your layers
    cs.layers.Flatten(),
    cs.layers.Dense(128, activation="relu"),
    cs.layers.Dense(10, activation="softmax"),
])
${FIT}`,
    results: "history",
    hint: ["The Flatten layer gives height × width × filters. Fewer filters, or a further pooling, make that smaller."],
    why: "With fewer values the dense layer has fewer parameters, and training is faster. At some point accuracy is lost: find the point just before that.",
  },
];

/** The kinds of exercise that the tasks are. */
export const tasks = TASKS.map(({ name, title, text, code, results, hint, why }) => ({
  name,
  title,
  draw: (chance) => ({ seed: chance.whole(1, MOST_SEED) }),
  build: ({ seed }) => ({
    text: [...text, "Run it with Python where Convoscope is installed. The last line checks your run, and prints a code if the task is done: type it in here."],
    shows: [{ kind: "code", text: `${code()}print(exercises.check("${name}", ${results}, seed=${seed}))`, copy: true }],
    asks: { kind: "word", label: "Code" },
    judge: (answer) => judgeProof(answer, name, seed),
    hint,
    explanation: [why],
    link: null,
  }),
}));

function judgeProof(answer, name, seed) {
  const typed = answer.trim().toUpperCase();
  if (typed === proofOf(name, seed)) return { right: true, says: "" };
  const other = TASKS.find((task) => typed === proofOf(task.name, seed));
  if (other) return { right: false, says: `That is the code of another task, “${other.title}”.` };
  return { right: false, says: `The check did not print this code for this task with seed=${seed}.` };
}
