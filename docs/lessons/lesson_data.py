"""The images for these pages: 28×28 greyscale pixels from 0 to 255, as in the lessons.

MNIST and Fashion-MNIST are used if they are on disk; `convoscope datasets --download fashion-mnist` puts them there.
Otherwise, or with the word digits after the program's name, the small digits in the package take their place: each of
their 8×8 pixels becomes 3×3 pixels, with a border of two, so that every network has exactly the lesson's shapes.
"""

import sys

import numpy as np

import convoscope as cs


def chosen(name):
    """Return the name of the data set to use: this one, or digits."""
    on_disk = cs.datasets.info(name).where != "not on disk"
    return name if on_disk and "digits" not in sys.argv[1:] else "digits"


def load(name):
    """Return (x_train, y_train), (x_test, y_test), as Keras' load_data does, and say which images they are."""
    data = cs.datasets.load(chosen(name), download=False)
    print(f"{data.info.name}: {len(data.x_train):,} training images, {len(data.x_test):,} test images\n")
    if data.info.name != "digits":
        return data.pairs
    return tuple((enlarged(images), labels) for images, labels in data.pairs)


def enlarged(images):
    """Bring 8×8 pixels from 0 to 16 into MNIST's form."""
    larger = images.repeat(3, axis=1).repeat(3, axis=2)  # (N, 24, 24)
    framed = np.pad(larger, ((0, 0), (2, 2), (2, 2)))  # (N, 28, 28)
    return np.rint(framed * (255 / 16)).astype("uint8")
