"""``Rejection``: when a classifier says "none of these"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import FileFormatError

Vector = npt.NDArray[np.float32]
_ARRAYS = ("centres", "kernel", "bias")
_NUMBERS = ("distance_mean", "distance_spread", "energy_mean", "energy_spread", "threshold", "lost")


@dataclass(frozen=True, eq=False)
class Rejection:
    """What recognizes images that belong to none of the classes, from the input of the last dense layer.

    An image is an outlier if its features point away from the centres of all classes, and if no class gets a high
    score. Both are measured in standard deviations over held-out images, and added.

    Attributes
    ----------
    centres : array of float32, shape (classes, D)
        The mean direction of the features of each class; each of length 1.
    kernel, bias : arrays of float32, shapes (D, classes) and (classes,)
        Of the last dense layer.
    distance_mean, distance_spread : float
        Of 1 minus the cosine to the nearest centre, over held-out images.
    energy_mean, energy_spread : float
        Of minus the logarithm of the summed exponentials of the classes' scores, over held-out images.
    threshold : float
        An image whose `score` is above it belongs to none of the classes.
    lost : float
        The share of held-out images that are classified correctly but refused: the price.

    Notes
    -----
    Liu et al., Energy-based out-of-distribution detection, 2020. Images very similar to a class are not refused:
    another kind of flower looks like a flower.

    Examples
    --------
    >>> rejection = Rejection(np.eye(2), 3 * np.eye(2), np.zeros(2), 0.1, 0.05, -3.0, 0.2, threshold=3.0, lost=0.02)
    >>> rejection.score([[1.0, 0.0], [1.0, 1.0]]).round(2)  # one image like the first class, one between both
    array([-2.24,  0.39])
    """

    centres: Vector
    kernel: Vector
    bias: Vector
    distance_mean: float
    distance_spread: float
    energy_mean: float
    energy_spread: float
    threshold: float
    lost: float

    def score(self, features: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return an outlier score for each image, to be compared with `threshold`.

        Parameters
        ----------
        features : array of shape (N, D)
            The input of the last dense layer.

        Returns
        -------
        array of float64, shape (N,)

        Examples
        --------
        >>> rejection = Rejection(np.eye(2), 3 * np.eye(2), np.zeros(2), 0.1, 0.05, -3.0, 0.2, threshold=3.0, lost=0.02)
        >>> rejection.score([[0.1, 0.1], [1.0, 0.1]]) > rejection.threshold
        array([ True, False])
        """
        distance, energy = distance_and_energy(features, self.centres, self.kernel, self.bias)
        return np.asarray(
            (distance - self.distance_mean) / self.distance_spread + (energy - self.energy_mean) / self.energy_spread
        )

    def numbers(self) -> dict[str, float]:
        """Return what is not an array, for a model's description.

        Examples
        --------
        >>> rejection = Rejection(np.eye(2), 3 * np.eye(2), np.zeros(2), 0.1, 0.05, -3.0, 0.2, threshold=3.0, lost=0.02)
        >>> rejection.numbers()["threshold"]
        3.0
        """
        return {name: float(getattr(self, name)) for name in _NUMBERS}

    def arrays(self) -> dict[str, Vector]:
        """Return the arrays by their names in a model's file.

        Examples
        --------
        >>> rejection = Rejection(np.eye(2), 3 * np.eye(2), np.zeros(2), 0.1, 0.05, -3.0, 0.2, threshold=3.0, lost=0.02)
        >>> {name: array.shape for name, array in rejection.arrays().items()}
        {'rejection/centres': (2, 2), 'rejection/kernel': (2, 2), 'rejection/bias': (2,)}
        """
        return {f"rejection/{name}": getattr(self, name) for name in _ARRAYS}

    @classmethod
    def read(cls, numbers: Any, arrays: Mapping[str, npt.NDArray[Any]], path: object) -> Rejection:
        """Restore a rejection from what `numbers` and `arrays` returned, as read from the file `path`.

        Raises
        ------
        FileFormatError
            If something is missing or not a finite number, or if shapes do not match.

        Examples
        --------
        >>> rejection = Rejection(np.eye(2), 3 * np.eye(2), np.zeros(2), 0.1, 0.05, -3.0, 0.2, threshold=3.0, lost=0.02)
        >>> Rejection.read(rejection.numbers(), rejection.arrays(), "model.safetensors").threshold
        3.0
        """
        told = numbers if isinstance(numbers, Mapping) else {}
        found = [arrays.get(f"rejection/{name}") for name in _ARRAYS]
        values = [told.get(name) for name in _NUMBERS]
        if any(array is None for array in found) or not all(
            isinstance(value, (int, float)) and np.isfinite(value) for value in values
        ):
            raise FileFormatError(f"{path} is damaged: its data for 'none of these' is incomplete.")
        centres, kernel, bias = (np.asarray(array, np.float32) for array in found)
        if centres.ndim != 2 or kernel.shape != centres.shape[::-1] or bias.shape != centres.shape[:1]:
            raise FileFormatError(
                f"{path} is damaged: the arrays for 'none of these' have shapes {centres.shape}, {kernel.shape} and "
                f"{bias.shape}."
            )
        if min(told["distance_spread"], told["energy_spread"]) <= 0:
            raise FileFormatError(f"{path} is damaged: the spreads for 'none of these' must be above 0.")
        return cls(centres, kernel, bias, **{name: float(told[name]) for name in _NUMBERS})


def distance_and_energy(
    features: npt.ArrayLike, centres: npt.ArrayLike, kernel: npt.ArrayLike, bias: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return both measures of `Rejection` for features (N, D): how far the nearest centre is, and the energy.

    Examples
    --------
    >>> centres, kernel = np.eye(2), np.eye(2) * 3
    >>> distance, energy = distance_and_energy([[1.0, 0.0], [1.0, 1.0]], centres, kernel, [0.0, 0.0])
    >>> distance.round(4), energy.round(4)
    (array([0.    , 0.2929]), array([-3.0486, -3.6931]))
    """
    x, middles = np.asarray(features, np.float64), np.asarray(centres, np.float64)
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    distance = 1 - (x / np.maximum(lengths, 1e-12) @ middles.T).max(axis=1)
    return distance, energy_of(x @ np.asarray(kernel, np.float64) + np.asarray(bias, np.float64))


def energy_of(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the energy of images by their classes' scores (N, classes): low where a class has much for it."""
    most = scores.max(axis=1, keepdims=True)
    return np.asarray(-(most + np.log(np.exp(scores - most).sum(axis=1, keepdims=True)))[:, 0])
