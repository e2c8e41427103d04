"""The networks that several tests here share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

import convoscope as cs
from convoscope import layers as cl

VALUES = Path(__file__).parent / "torch_values.npz"


def grey(last: str | None = "softmax") -> cs.Sequential:
    """The network of the same name in tools/make_explore_values.py."""
    cs.utils.clear_session()  # several are made in a test, and their layers have the same names
    model = cs.Sequential(
        [
            cl.Input(shape=(9, 9, 1)),
            cl.Conv2D(4, 3, activation="relu"),
            cl.MaxPooling2D(),
            cl.Conv2D(5, 2, activation="relu"),
            cl.Dropout(0.5),
            cl.Flatten(),
            cl.Dense(6, activation="relu"),
            cl.Dense(3, activation=last),
        ],
        seed=1,
    )
    model.set_weights(weights("grey"))
    return model


def colour() -> cs.Sequential:
    """The network of the same name in tools/make_explore_values.py, with its softmax as a layer."""
    model = cs.Sequential(
        [
            cl.Input(shape=(8, 8, 3)),
            cl.Conv2D(4, 3, padding="same"),
            cl.BatchNormalization(),
            cl.ReLU(),
            cl.AveragePooling2D(),
            cl.Conv2D(6, 3),
            cl.GlobalAveragePooling2D(),
            cl.Dense(4),
            cl.Softmax(),
        ],
        seed=1,
    )
    model.set_weights(weights("colour"))
    return model


def inverted() -> cs.Model:
    """The network of the same name in tools/make_explore_values.py, named as EfficientNet-Lite's layers are."""
    inputs = cl.Input(shape=(10, 8, 3))
    stem = cl.ReLU(6.0, name="stem_activation")(cl.Conv2D(6, 3, padding="same", name="stem_conv")(inputs))
    x = cl.ReLU(6.0, name="block1a_expand_activation")(cl.Conv2D(16, 1, name="block1a_expand_conv")(stem))
    x = cl.ReLU(6.0, name="block1a_activation")(cl.DepthwiseConv2D(3, padding="same", name="block1a_dwconv")(x))
    x = cl.Add(name="block1a_add")([stem, cl.Conv2D(6, 1, name="block1a_project_conv")(x)])
    x = cl.ReLU(6.0, name="top_activation")(cl.Conv2D(9, 1, name="top_conv")(x))
    x = cl.GlobalAveragePooling2D(name="avg_pool")(x)
    model = cs.Model(inputs, cl.Dense(4, activation="softmax", name="predictions")(x))
    model.set_weights(weights("inverted"))
    return model


def dense() -> cs.Sequential:
    """No convolution, no softmax."""
    cs.utils.clear_session()
    return cs.Sequential([cl.Flatten(input_shape=(6, 6, 1)), cl.Dense(5, activation="relu"), cl.Dense(3)], seed=1)


def values(name: str) -> npt.NDArray[np.float64]:
    """Return one array that PyTorch found."""
    with np.load(VALUES) as file:
        return np.asarray(file[name])


def weights(network: str) -> list[npt.NDArray[np.float32]]:
    with np.load(VALUES) as file:
        count = sum(name.startswith(f"{network}_weight_") for name in file.files)
        return [file[f"{network}_weight_{index}"] for index in range(count)]
