"""The channel axis: 60,000×28×28 becomes 60,000×28×28×1.

A convolution expects height, width and channels: three channels for the red, green and blue of a colour image, one for
greyscale. Greyscale images usually come without that axis ("a nasty little wrinkle", says a lesson), so you have to add
it. This copies and changes nothing. If you forget it, a message says so.

A run of one second prints 60,000×28×28, and the two messages for a missing axis.

Run this page: python docs/lessons/11_the_channel_axis.py [digits]. Without Fashion-MNIST on disk, or with the word
digits, it uses the digits in the package.
"""

import warnings

import numpy as np

import convoscope as cs
from lesson_data import load

(x_train, y_train), (x_test, y_test) = load("fashion-mnist")
cs.utils.set_random_seed(1)
print("As they come:", x_train.shape)
assert x_train.shape == (len(x_train), 28, 28)

model = cs.Sequential(
    [
        cs.layers.Conv2D(64, (3, 3), activation="relu", input_shape=(28, 28, 1)),
        cs.layers.MaxPooling2D(2, 2),
        cs.layers.Flatten(),
        cs.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def said_to(mistake):
    """Return the message for a mistake: a warning, or an error."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            mistake()
    except cs.errors.ShapeError as error:
        return str(error)
    return str(said[0].message) if said else "nothing"


forgotten = said_to(lambda: model.fit(x_train[:320] / 255, y_train[:320], verbose=0))
print("\nForgotten in the data:", forgotten)
assert "The channel axis is missing: x.reshape(-1, 28, 28, 1)" in forgotten

forgotten = said_to(lambda: cs.Sequential([cs.layers.Conv2D(64, (3, 3), input_shape=(28, 28))]))
print("\nForgotten in the network:", forgotten)
assert "use input_shape=(28, 28, 1)" in forgotten

# Three ways to add it; the first is that of the lessons. The memory stays the same, only its shape changes.
reshaped = x_train.reshape(len(x_train), 28, 28, 1)
print("\nReshaped:", reshaped.shape)
assert np.shares_memory(reshaped, x_train)
assert np.array_equal(reshaped, x_train[..., np.newaxis])
assert np.array_equal(reshaped, np.expand_dims(x_train, -1))
assert np.zeros((60_000, 28, 28), "uint8").reshape(60_000, 28, 28, 1).shape == (60_000, 28, 28, 1)

print("Now training works. On 1,280 images:")
model.fit(reshaped[:1_280] / 255, y_train[:1_280], epochs=2, verbose=2)

# A dense network needs no channels: it puts the pixels in one long row, and knows nothing about neighbours.
dense = cs.Sequential([cs.layers.Flatten(input_shape=(28, 28)), cs.layers.Dense(10, activation="softmax")])
assert dense.predict(x_test[:3] / 255, verbose=0).shape == (3, 10)
assert dense.layers[0].output_shape == (None, 784)

# A filter for colour images has nine numbers for each of the three channels, and one bias.
colour = cs.layers.Conv2D(64, (3, 3), input_shape=(28, 28, 3))
cs.Sequential([colour])
print(f"64 filters: {model.layers[0].count_params():,} parameters for grey, {colour.count_params():,} for colour")
assert model.layers[0].count_params() == 64 * (3 * 3 * 1 + 1) == 640
assert colour.count_params() == 64 * (3 * 3 * 3 + 1) == 1_792
