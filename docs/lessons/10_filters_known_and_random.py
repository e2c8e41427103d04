"""How filters start: at random, or with a set of known good ones. Also ReLU, and several images at once.

One lesson says that filters start at random and that the best ones are learned; another that "they aren't random, they
start with a set of known good filters", and that those that work are learned. Keras does the former. You can try both
here: `kernel_initializer="filter_bank"` starts with edges, lines, corners, spots and blur, at the scale of the random
filters; if a layer has more than these 17 filters, the others are random. See what this gains after each epoch.

A run of 24 seconds on one core of a two-core machine:

    random filters  98.60%  98.50%  98.82%   similarity to the initial filters: 0.81
    known filters   98.48%  98.78%  98.45%   similarity to the initial filters: 0.89

      1 at once: 60,000 steps,   3.07 s, 95.1% on test
     32 at once:  1,875 steps,   0.26 s, 96.0% on test
    256 at once:    235 steps,   0.19 s, 93.4% on test

After an epoch, the known filters gain nothing: with that many images, random filters learn just as much. Neither kind
moves far from where it started.

Run this page: python docs/lessons/10_filters_known_and_random.py [digits]. Without MNIST on disk, or with the word
digits, it uses the digits in the package.
"""

import time

import numpy as np

import convoscope as cs
from lesson_data import load

(x_train, y_train), (x_test, y_test) = load("mnist")
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype("float32") / 255
cs.utils.set_random_seed(1)


def network(initializer):
    model = cs.Sequential(
        [
            cs.layers.Conv2D(32, (3, 3), activation="relu", kernel_initializer=initializer, input_shape=(28, 28, 1)),
            cs.layers.MaxPooling2D(2, 2),
            cs.layers.Flatten(),
            cs.layers.Dense(128, activation="relu"),
            cs.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def filters(model):
    """Return the 32 filters of the convolution, 3×3 each."""
    return np.moveaxis(model.layers[0].get_weights()[0][:, :, 0], -1, 0)


# ReLU throws negative values away, and a convolution produces many of them.
assert cs.activations.relu(np.array([-2, -1, 0, 1, 2])).tolist() == [0, 0, 0, 1, 2]
two_steps = cs.Sequential([cs.layers.Conv2D(32, (3, 3), input_shape=(28, 28, 1)), cs.layers.ReLU()])
before, after = two_steps.layer_outputs(x_test[:100])
print(f"ReLU throws away {(before < 0).mean():.0%} of the values that a convolution computes from 100 images.\n")
assert before.min() < 0 <= after.min()
assert np.array_equal(np.maximum(before, 0), after)

# Known filters are the same every time, random ones are not.
assert np.array_equal(filters(network("filter_bank"))[:17], filters(network("filter_bank"))[:17])
assert not np.array_equal(filters(network("glorot_uniform"))[:17], filters(network("glorot_uniform"))[:17])

print("Accuracy on held-out images, a tenth of all, after each of 3 epochs:")
for name, initializer in {"random filters": "glorot_uniform", "known filters": "filter_bank"}.items():
    model = network(initializer)
    start = filters(model)
    history = model.fit(x_train, y_train, epochs=3, validation_split=0.1, verbose=0).history
    # How similar a filter is to its initial state: 1 for the same pattern, 0 if nothing of it is left.
    end = filters(model)
    alike = (start * end).sum((1, 2)) / np.sqrt((start**2).sum((1, 2)) * (end**2).sum((1, 2)))
    accuracies = "  ".join(f"{accuracy:.2%}" for accuracy in history["val_accuracy"])
    print(f"  {name:<16}{accuracies}   similarity to the initial filters: {alike.mean():.2f}")
    assert not np.array_equal(start, end)
    assert history["val_accuracy"][-1] > 0.5

# Several images at once: one training step uses all of them together.
print("\nA dense network, one epoch:")
for size in (1, 32, 256):
    model = cs.Sequential(
        [
            cs.layers.Flatten(input_shape=(28, 28, 1)),
            cs.layers.Dense(128, activation="relu"),
            cs.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    begun = time.perf_counter()
    model.fit(x_train, y_train, batch_size=size, epochs=1, verbose=0)
    seconds = time.perf_counter() - begun
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    print(f"  {size:>3} at once: {-(-len(x_train) // size):>6,} steps, {seconds:6.2f} s, {accuracy:.1%} on test")
