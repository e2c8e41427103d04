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
