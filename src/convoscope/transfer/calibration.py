"""Temperature: what makes probabilities as often right as they say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_COLDEST, _HOTTEST = 0.05, 20.0
_STEPS = 60  # of golden section: far below what is printed
_GOLDEN = (5**0.5 - 1) / 2


def softmax(scores: npt.ArrayLike) -> Array:
    """Turn scores (N, classes) into probabilities."""
    given = np.asarray(scores, np.float64)
    exponentials = np.exp(given - given.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def cross_entropy(scores: npt.ArrayLike, labels: npt.NDArray[np.integer]) -> float:
    """Return the mean cross-entropy of scores (N, classes), before softmax, with labels (N,)."""
    given = np.asarray(scores, np.float64)
    given = given - given.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(given).sum(axis=1)) - given[np.arange(len(given)), labels]))


def best_temperature(scores: npt.ArrayLike, labels: npt.NDArray[np.integer]) -> float:
    """Find what to divide scores by, so that the cross-entropy is least.

    Parameters
    ----------
    scores : array of shape (N, classes)
        Before softmax, of images that the classifier was not fitted to.
    labels : array of int, shape (N,)

    Returns
    -------
    float
        Between 0.05 and 20: where every image is right, no temperature would be low enough.

    Notes
    -----
    Guo et al., On calibration of modern neural networks, 2017. The cross-entropy is convex in the inverse of the
    temperature, so golden section finds its least.

    Examples
    --------
    >>> sure = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]])
    >>> round(best_temperature(sure, np.array([0, 0, 0, 1])), 3)  # 75 % of them are right: 4 / log(3)
    3.641
    """
    given = np.asarray(scores, np.float64)
    low, high = 1 / _HOTTEST, 1 / _COLDEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if cross_entropy(given * left, labels) <= cross_entropy(given * right, labels):
            high = right
        else:
            low = left
    return 2 / (low + high)
