"""What is told of several splits: means with intervals, and how far confidence and accuracy are apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

BINS = 15
#: Student's t, of which 95 % lie within ±: for 1, 2, … degrees of freedom. Printed in every table of it.
_T95: tuple[float, ...] = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
)
_T95 += (2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)


def interval(values: Sequence[float], tested: float) -> tuple[float, float]:
    """Return a mean over random splits, and half its 95 % interval.

    Splits overlap, so that their results vary less than those of new photos would: the variance is that of Nadeau and
    Bengio (2003), 1/n + test/train of the splits' in place of 1/n.

    Parameters
    ----------
    values : sequence of float
        One a split.
    tested : float
        How many photos test for each that trains, where all are used.

    Returns
    -------
    (float, float)
        The half is NaN for a single split.
    """
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, math.nan
    freedom = len(values) - 1
    t = _T95[freedom - 1] if freedom <= len(_T95) else 1.96 + 2.4 / freedom
    return mean, t * math.sqrt((1 / len(values) + tested) * statistics.variance(values))


def bins(confidences: Any, right: Any) -> list[list[float]]:
    """Return what `calibration_error` needs: of each of 15 bins of the confidence the photos, its sum, those right.

    Parameters
    ----------
    confidences : array of shape (N,)
        The largest probability of each photo.
    right : array of shape (N,)
        Whether it is the class's.
    """
    import numpy as np

    place = np.clip(np.ceil(np.asarray(confidences) * BINS).astype(int) - 1, 0, BINS - 1)
    sums = [np.bincount(place, weights, BINS) for weights in (None, confidences, np.asarray(right, float))]
    return [[float(f"{value:.8g}") for value in row] for row in np.stack(sums, axis=1)]


def calibration_error(samples: Iterable[Sequence[Sequence[float]]]) -> float:
    """Return the expected calibration error of the photos of several splits, from their `bins`."""
    total = [[sum(column) for column in zip(*rows, strict=True)] for rows in zip(*samples, strict=True)]
    apart = float(sum(abs(confidence - right) for _, confidence, right in total))
    return apart / float(sum(count for count, *_ in total))
