"""Whether a mirrored image still belongs to its class: a flower does, a hand that points left may not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convoscope.transfer.folds import draw_folds
from convoscope.transfer.head import fit_plainly

_LOST = 0.04  # of the accuracy, which mirroring may cost
_PENALTY = 0.1


def may_be_mirrored(
    features: npt.ArrayLike,
    mirrored: npt.ArrayLike,
    labels: npt.ArrayLike,
    classes: int,
    seed: int = 0,
    *,
    groups: npt.ArrayLike | None = None,
) -> bool:
    """Say whether images may be mirrored in training.

    Parameters
    ----------
    features, mirrored : arrays of shape (N, D)
        Of images as they are, and of the same images mirrored.
    labels : array of int, shape (N,)
    classes : int
    seed : int
    groups : array of int, shape (N,), optional
        Images with the same number are in the same half.

    Notes
    -----
    One half of the images are classified as they are and mirrored, by a head that saw the other half as they are, and
    the other way round. Where mirrored ones are wrong clearly more often, left and right mean something.

    Examples
    --------
    >>> points = np.repeat([[1.0, 0.0], [-1.0, 0.0]], 10, axis=0) + np.random.default_rng(0).normal(0, 0.1, (20, 2))
    >>> may_be_mirrored(points, points * [-1, 1], np.repeat([0, 1], 10), 2)
    False
    >>> may_be_mirrored(points, points * [1, -1], np.repeat([0, 1], 10), 2)
    True
    """
    x, other, targets = np.asarray(features), np.asarray(mirrored), np.asarray(labels)
    folds = draw_folds(targets, 2, seed, groups)
    right = np.zeros(2)
    for fold in (0, 1):
        training, tested = folds != fold, folds == fold
        if len(np.unique(targets[training])) < classes:
            continue
        kernel, bias = fit_plainly(x[training], targets[training], classes, _PENALTY)
        for number, given in enumerate((x, other)):
            right[number] += np.sum((given[tested] @ kernel + bias).argmax(axis=1) == targets[tested])
    return bool(right[1] >= right[0] - _LOST * len(targets))
