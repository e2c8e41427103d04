"""Images that are unlike all others: a cat among flowers, a black picture, a scanned page."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from convoscope.quality.neighbours import Neighbours

Indices = npt.NDArray[np.int64]

#: With fewer images there is no telling what is usual.
FEWEST = 10
_ASKED = 3
_SMALL = 10
_QUARTILES_APART = 1.3489795  # in standard deviations of a normal distribution
_TWIN = 1e-3  # radians


@dataclass(frozen=True, eq=False)
class Outliers:
    """Images that are far from all others, the farthest first.

    Attributes
    ----------
    indices : array of int64, shape (M,)
    scores : array of float64, shape (M,)
        Their angle to their nearest neighbours, in spreads beyond the usual angle.
    """

    indices: Indices
    scores: npt.NDArray[np.float64]


def outliers(neighbours: Neighbours, labels: Indices, false_alarms: float = 0.01) -> Outliers:
    """Find images that are unlike all others.

    Parameters
    ----------
    neighbours : Neighbours
        Of all images, of whatever class: an image of another class is no outlier but has a wrong label.
    labels : array of int64, shape (N,)
        Of a class with up to ten images all may be far from all others: there, its own median counts if it is larger.
    false_alarms : float
        The share of usual images that may be reported, if their angles are normally distributed.

    Returns
    -------
    Outliers

    Notes
    -----
    The measure is the angle whose cosine is the mean of those to the three nearest images. Its median and quartiles say
    what is usual; they stay what they are while fewer than a quarter of the images are odd. That needs no covariances,
    so it works with ten images as with thousands.
    """
    total = len(neighbours.indices)
    if total < FEWEST:
        return Outliers(np.zeros(0, np.int64), np.zeros(0))
    cosines = neighbours.cosines[:, :_ASKED].astype(np.float64)
    angles = np.arccos(np.clip(cosines.mean(axis=1), -1, 1))  # (N,)
    low, middle, high = np.quantile(angles, [0.25, 0.5, 0.75])
    spread = max((high - low) / _QUARTILES_APART, _TWIN)
    usual = np.full(int(labels.max()) + 1, middle)  # (K,)
    for each in np.flatnonzero(np.isin(np.bincount(labels), range(1, _SMALL + 1))):
        usual[each] = max(middle, float(np.median(angles[labels == each])))
    scores = (angles - usual[labels]) / spread
    found = np.flatnonzero(scores > NormalDist().inv_cdf(1 - false_alarms))
    found = found[np.argsort(-scores[found], kind="stable")]
    return Outliers(found, scores[found])
