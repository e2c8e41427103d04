"""Whether probabilities are as often right as they say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BINS = 15


def calibration_error(probabilities: npt.ArrayLike, labels: npt.ArrayLike, bins: int = _BINS) -> float:
    """Return the expected calibration error: how far confidence and accuracy lie apart, on average over the images.

    Parameters
    ----------
    probabilities : array of shape (N, classes)
    labels : array of int, shape (N,)
    bins : int
        Of equal width, by the probability of the predicted class.

    Examples
    --------
    >>> calibration_error([[0.8, 0.2], [0.8, 0.2]], [0, 1])  # says 0.8, and is right in half of them
    0.30000000000000004
    """
    given, truth = np.asarray(probabilities, np.float64), np.asarray(labels)
    confidence, right = given.max(axis=1), given.argmax(axis=1) == truth
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(given))
