"""When a head should say "none of these": found on the images that it was trained with, each held out once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from convoscope.models.rejection import Rejection, distance_and_energy
from convoscope.transfer.head import Head

_KEPT = 0.965  # of the images that are classified rightly
#: Standard deviations. Where images are few, a single odd one among them would let everything pass; from a hundred on
#: the limit grows with the root of their number.
_FARTHEST, _FEW = 1.8, 100


def fit_rejection(features: npt.ArrayLike, labels: npt.ArrayLike, head: Head) -> Rejection | None:
    """Find where to refuse images.

    Parameters
    ----------
    features : array of shape (N, D)
        What `head` was fitted to.
    labels : array of int, shape (N,)
    head : Head

    Returns
    -------
    Rejection or None
        None where no image could be held out.

    Notes
    -----
    An image's distance is measured to the centres of the other folds, and its energy by the head that was fitted
    without it. The threshold keeps 96.5 % of those that were classified rightly, with the correction for few images of
    conformal prediction; where they are fewer than some hundreds, it is also at most so many standard deviations above
    their mean. On five sets of photos, with 5 images a class up to hundreds, that lost 1.0 to 5.8 % of the right ones
    in the mean of seven splits, and 3 % over all.

    Examples
    --------
    >>> from convoscope.transfer.head import fit_head
    >>> generator = np.random.default_rng(1)
    >>> features = generator.normal(size=(60, 16)) + np.repeat(np.eye(2, 16) * 9, 30, axis=0)
    >>> labels = np.repeat([0, 1], 30)
    >>> rejection = fit_rejection(features, labels, fit_head(features, labels, 2))
    >>> rejection.score([[9.0] + [0.0] * 15, [0.0] * 15 + [9.0]]) > rejection.threshold
    array([False,  True])
    """
    x, targets = np.asarray(features, np.float64), np.asarray(labels)
    judged = head.folds >= 0
    if not judged.any():
        return None
    distance = np.zeros(len(x))
    for fold in np.unique(head.folds[judged]):
        out = head.folds == fold
        centres = _centres(x[~out], targets[~out], len(head.bias))
        distance[out] = distance_and_energy(x[out], centres, head.kernel, head.bias)[0]
    return _rejection(
        (_centres(x, targets, len(head.bias)), head.kernel, head.bias),
        distance[judged],
        head.held_out_scores[judged],
        targets[judged],
    )


def rejection_of(
    features: npt.ArrayLike,
    labels: npt.NDArray[np.integer],
    head: Sequence[npt.NDArray[np.float32]],
    *,
    seen: tuple[npt.ArrayLike, npt.NDArray[np.integer]],
    held_out: tuple[npt.ArrayLike, npt.NDArray[np.float64], npt.NDArray[np.integer]],
) -> Rejection:
    """Find where a fine-tuned classifier is to refuse images.

    Parameters
    ----------
    features, labels : arrays of shape (N, D) and (N,)
        Of all images, which it was trained on.
    head : kernel and bias
        Of its last layer.
    seen : features and labels
        Of those that a trial of it was trained on, by the trial.
    held_out : features, scores and labels
        Of the others, by the trial.
    """
    kernel, bias = head
    others, scores, truth = held_out
    middles = _centres(np.asarray(seen[0], np.float64), seen[1], len(bias))
    distance = distance_and_energy(others, middles, kernel, bias)[0]
    centres = _centres(np.asarray(features, np.float64), labels, len(bias))
    return _rejection((centres, kernel, bias), distance, scores, truth)


def _rejection(
    arrays: tuple[npt.NDArray[np.float64], npt.NDArray[np.float32], npt.NDArray[np.float32]],
    distance: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
    labels: npt.NDArray[np.integer],
) -> Rejection:
    """Set the threshold by the distances and scores of held-out images."""
    most = scores.max(axis=1, keepdims=True)
    energy = -(most + np.log(np.exp(scores - most).sum(axis=1, keepdims=True)))[:, 0]
    right = scores.argmax(axis=1) == labels
    usual = right if right.any() else np.ones(len(right), bool)
    spreads = [max(float(values[usual].std()), 1e-6) for values in (distance, energy)]
    means = [float(values[usual].mean()) for values in (distance, energy)]
    found = np.sort((distance[usual] - means[0]) / spreads[0] + (energy[usual] - means[1]) / spreads[1])
    farthest = _FARTHEST * math.sqrt(max(1.0, len(found) / _FEW))
    kept = math.ceil((len(found) + 1) * _KEPT)
    threshold = min([farthest * float(found.std()), *found[kept - 1 : kept]])
    return Rejection(
        arrays[0].astype(np.float32),
        *arrays[1:],
        *(means[0], spreads[0], means[1], spreads[1]),
        threshold=float(threshold),
        lost=float(np.mean(found > threshold)),
    )


def _centres(x: npt.NDArray[np.float64], labels: npt.NDArray[np.integer], classes: int) -> npt.NDArray[np.float64]:
    """Return the mean direction of each class; of one without images, that of all."""
    directions = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    means = np.stack(
        [
            directions[labels == each].mean(axis=0) if (labels == each).any() else directions.mean(axis=0)
            for each in range(classes)
        ]
    )
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12))
