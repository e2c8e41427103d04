"""Stop when a goal is reached, and the experiments that the lessons set.

Training need not run for all its epochs: a callback looks at the accuracy after each, and stops once it is good enough.
Then come the questions at the end of the lessons. What difference do 16 or 32 filters make instead of 64? One
convolution fewer, one more? What happens "when you're feeding less than 784 overall pixels in. Training should be
faster, but is there a sweet spot where it's more accurate?" Look at the seconds as well.

A run of a minute and a half on one core of a two-core machine. One convolution of 32 reaches 95 % in training after
epoch 6. After three epochs of each experiment:

                       flattened  parameters  s an epoch  training    test
    no convolution           784     101,770        0.37     87.5%   86.0%
    only the first        10,816   1,386,506        8.39     92.3%   90.5%
    two of 64              1,600     243,786        5.71     90.7%   90.2%
    one more                  64      84,106        4.82     88.0%   88.2%
    two of 32                800     113,386        2.25     89.9%   89.3%
    two of 16                400      55,098        1.15     88.9%   88.4%

Fewer filters are faster and less accurate: 16 filters take a fifth of the time of 64, and are two points behind. No
network that feeds fewer than 784 values to the dense layer is more accurate here.

Run this page: python docs/lessons/19_stop_at_a_goal_and_experiments.py [digits]. Without Fashion-MNIST on disk, or with
the word digits, it uses the digits in the package.
"""

import time

import convoscope as cs
from lesson_data import load

GOAL, EPOCHS = 0.95, 3

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


model = network([32])
accuracies = model.fit(x_train, y_train, epochs=20, callbacks=[StopAtGoal()], verbose=2).history["accuracy"]
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
print(f"After {EPOCHS} epochs of each:")
print(f"{'':<18}{'flattened':>10}{'parameters':>12}{'s an epoch':>12}{'training':>10}{'test':>8}")
for name, convolutions in experiments.items():
    model = network(convolutions)
    begun = time.perf_counter()
    history = model.fit(x_train, y_train, epochs=EPOCHS, verbose=0).history
    seconds = (time.perf_counter() - begun) / EPOCHS
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    values[name] = next(layer.output_shape[1] for layer in model.layers if isinstance(layer, cs.layers.Flatten))
    print(
        f"{name:<18}{values[name]:>10,}{model.count_params():>12,}{seconds:>12.2f}"
        f"{history['accuracy'][-1]:>10.1%}{accuracy:>8.1%}"
    )
    assert accuracy > 0.5

# The number of values that reach the dense layer (the image has 784 pixels): 25 pixels times the number of filters;
# with one convolution 169 pixels, and with three a single pixel.
assert list(values.values()) == [784, 169 * 64, 25 * 64, 64, 25 * 32, 25 * 16]
