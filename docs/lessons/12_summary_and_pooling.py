"""The summary, number by number, and the pooling that halves and rounds down. Claims 12 and 13.

`model.summary()` shows the journey of an image through the network. "When you first look at this it can be a bit
confusing and feel like a bug. After all, isn't the data 28x28, so why is the output 26x26?" Because a 3×3 filter needs
neighbours on all sides, and a pixel at the border lacks some. Two lessons show the summary of two convolutions of 64,
with 243,786 parameters in all; a third shows that of one convolution of 32, "nearly a million": 693,962.

Nothing is trained here. Shapes and parameters are only counted, so the numbers hold for any images.

Run this page: python docs/lessons/12_summary_and_pooling.py
"""

import numpy as np

import convoscope as cs

two = cs.Sequential(
    [
        cs.layers.Conv2D(64, (3, 3), activation="relu", input_shape=(28, 28, 1)),
        cs.layers.MaxPooling2D(2, 2),
        cs.layers.Conv2D(64, (3, 3), activation="relu"),
        cs.layers.MaxPooling2D(2, 2),
        cs.layers.Flatten(),
        cs.layers.Dense(128, activation="relu"),
        cs.layers.Dense(10, activation="softmax"),
    ],
    name="two_convolutions_of_64",
)
one = cs.Sequential(name="one_convolution_of_32")
one.add(cs.layers.Conv2D(32, (3, 3), input_shape=(28, 28, 1), activation="relu"))
one.add(cs.layers.MaxPooling2D(pool_size=(2, 2)))
one.add(cs.layers.Flatten())
one.add(cs.layers.Dense(128, activation="relu"))
one.add(cs.layers.Dense(10, activation="softmax"))


def rows(model):
    """Return what the summary has of each layer: its shape without the batch axis, and its parameters."""
    return [(layer.output_shape[1:], layer.count_params()) for layer in model.layers]


two.summary()
assert rows(two) == [
    ((26, 26, 64), 640),
    ((13, 13, 64), 0),
    ((11, 11, 64), 36_928),
    ((5, 5, 64), 0),
    ((1600,), 0),
    ((128,), 204_928),
    ((10,), 1_290),
]
assert two.count_params() == 243_786

print()
one.summary(details=True)  # also how the image shrinks, and where the numbers come from
assert rows(one) == [((26, 26, 32), 320), ((13, 13, 32), 0), ((5408,), 0), ((128,), 692_352), ((10,), 1_290)]
assert one.count_params() == 693_962

# A convolution removes two pixels on each axis. A pooling halves what is left, rounding down: 11 becomes 5.
assert (28 - 2, 26 // 2, 13 - 2, 11 // 2) == (26, 13, 11, 5)
# A filter learns nine values for each input channel, and a bias; poolings and Flatten learn nothing.
assert (64 * (3 * 3 * 1 + 1), 64 * (3 * 3 * 64 + 1), 32 * (3 * 3 * 1 + 1)) == (640, 36_928, 320)
# The dense layer gets 25 pixels times 64, while the image had 784. Each neuron has a weight for each value, and a bias.
assert (5 * 5 * 64, 28 * 28, 13 * 13 * 32) == (1_600, 784, 5_408)
assert (128 * (1_600 + 1), 128 * (5_408 + 1), 10 * (128 + 1)) == (204_928, 692_352, 1_290)

# Max pooling keeps the largest of four; there are average and min pooling too. The fifth row and column of these 25
# pixels have no partner, and are dropped.
image = np.arange(25, dtype="float32").reshape(1, 5, 5, 1)
print("\nA 5×5 image:", image[0, ..., 0].astype(int).tolist())
for pooling, expected in (
    (cs.layers.MaxPooling2D, [[6, 8], [16, 18]]),
    (cs.layers.AveragePooling2D, [[3, 5], [13, 15]]),
    (cs.layers.MinPooling2D, [[0, 2], [10, 12]]),
):
    pooled = cs.Sequential([cs.Input(shape=(5, 5, 1)), pooling(2, 2)]).predict(image, verbose=0)
    print(f"{pooling.__name__}:", pooled[0, ..., 0].tolist())
    assert pooled[0, ..., 0].tolist() == expected

# Strides shrink an image as pooling does: this convolution moves by two pixels.
strided = cs.Sequential([cs.layers.Conv2D(64, (3, 3), strides=2, input_shape=(28, 28, 1))])
assert strided.output_shape == two.layers[1].output_shape == (None, 13, 13, 64)
