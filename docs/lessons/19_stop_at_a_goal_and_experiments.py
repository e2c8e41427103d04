"""Stop when a goal is reached, and the experiments that the lessons set.

Training need not take the epochs it was given: a callback looks at the accuracy after each, and stops where it is good
enough. Then the questions at the end of the lessons: what impact have 16 or 32 filters in place of 64? One convolution
less, one more? What happens "when you're feeding less than 784 overall pixels in. Training should be faster, but is
there a sweet spot where it's more accurate?" Look at the seconds as well.

Run this page: python docs/lessons/19_stop_at_a_goal_and_experiments.py [digits]. Without Fashion-MNIST on disk, or with
the word digits, it takes the digits in the package.
"""

import time

import convoscope as cs
from lesson_data import load

GOAL = 0.95

(x_train, y_train), (x_test, y_test) = load("fashion-mnist")
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype("float32") / 255
cs.utils.set_random_seed(1)


def network(convolutions):
    """Build the lesson's network with these numbers of filters, a pooling after each convolution."""
    model = cs.Sequential([cs.Input(shape=(28, 28, 1))])
    for filters in convolutions:
        model.add(cs.layers.Conv2D(filters, (3, 3), activation="relu"))
        model.add(cs.layers.MaxPooling2D(2, 2))
    model.add(cs.layers.Flatten())
    model.add(cs.layers.Dense(128, activation="relu"))
    model.add(cs.layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class StopAtGoal(cs.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if logs["accuracy"] >= GOAL:
            print(f"Reached {GOAL:.0%} accuracy, so training is cancelled!\n")
            self.model.stop_training = True


accuracies = network([64, 64]).fit(x_train, y_train, epochs=20, callbacks=[StopAtGoal()], verbose=2).history["accuracy"]
assert len(accuracies) < 20
assert accuracies[-1] >= GOAL
assert all(accuracy < GOAL for accuracy in accuracies[:-1])

experiments = {
    "no convolution": [],
    "only the first": [64],
    "two of 64": [64, 64],
    "one more": [64, 64, 64],
    "two of 32": [32, 32],
    "two of 16": [16, 16],
}
values = {}
print(f"{'5 epochs':<18}{'flattened':>10}{'parameters':>12}{'s an epoch':>12}{'training':>10}{'test':>8}")
for name, convolutions in experiments.items():
    model = network(convolutions)
    begun = time.perf_counter()
    history = model.fit(x_train, y_train, epochs=5, verbose=0).history
    seconds = (time.perf_counter() - begun) / 5
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    values[name] = next(layer.output_shape[1] for layer in model.layers if isinstance(layer, cs.layers.Flatten))
    print(
        f"{name:<18}{values[name]:>10,}{model.count_params():>12,}{seconds:>12.2f}"
        f"{history['accuracy'][-1]:>10.1%}{accuracy:>8.1%}"
    )
    assert accuracy > 0.5

# What reaches the dense layer, of an image of 784 pixels: 25 pixels times the filters, with one convolution 169 times,
# and with three a single pixel.
assert list(values.values()) == [784, 169 * 64, 25 * 64, 64, 25 * 32, 25 * 16]
