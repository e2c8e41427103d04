"""Suspected wrong labels: confident learning, with the labels of similar images as a second witness.

C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.quality.neighbours import Neighbours

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: In a class with fewer images nobody can tell a wrong label from a rare one.
FEWEST = 5
#: A label is suspected if it is this many times less probable than by chance. Chosen on photos of flowers and insects,
#: and confirmed on two other sets: see docs/quality.md.
LESS_THAN_CHANCE = 3.5
_MOST_NEIGHBOURS, _FEWEST_NEIGHBOURS = 20, 5
_SMALLEST = 1e-6
_HEAVIEST = 3.0
_NEWTON_STEPS = 50


@dataclass(frozen=True, eq=False)
class Suspects:
    """Images whose label is probably wrong, the surest first.

    Attributes
    ----------
    indices : array of int64, shape (M,)
    suggestions : array of int64, shape (M,)
        The most probable class of each.
    label_probabilities : array of float64, shape (M,)
        How probable the label is that each has.
    estimated : float
        How many labels are wrong, as `estimated_errors` says.
    """

    indices: Indices
    suggestions: Indices
    label_probabilities: Floats
    estimated: float


def thresholds(probabilities: npt.NDArray[np.floating], labels: Indices) -> Floats:
    """Return how probable each class is, on average, for the images labelled with it.

    Parameters
    ----------
    probabilities : array of shape (N, K)
        Each row of a model that was not trained on that image.
    labels : array of int64, shape (N,)

    Returns
    -------
    array of float64, shape (K,)
        Infinite for a class without images: no image counts as one of it.

    Examples
    --------
    >>> thresholds(np.array([[0.9, 0.1], [0.7, 0.3], [0.4, 0.6]]), np.array([0, 0, 1])).round(3).tolist()
    [0.8, 0.6]
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, own, classes)
    found: Floats = np.divide(sums, counts, out=np.full(classes, np.inf), where=counts > 0)
    return found


def confident_joint(probabilities: npt.NDArray[np.floating], labels: Indices) -> Indices:
    """Count images by their label and by the class that they confidently belong to.

    Parameters
    ----------
    probabilities : array of shape (N, K)
    labels : array of int64, shape (N,)

    Returns
    -------
    array of int64, shape (K, K)
        A row for the label, a column for the class. An image belongs to a class if that is at least as probable as its
        threshold says, and to the most probable such class; one that reaches no threshold is not counted.
    """
    reached = np.where(probabilities >= thresholds(probabilities, labels) - 1e-6, probabilities, -1.0)  # (N, K)
    belongs, counted = reached.argmax(axis=1), reached.max(axis=1) >= 0
    joint = np.zeros((probabilities.shape[1],) * 2, np.int64)
    np.add.at(joint, (labels[counted], belongs[counted]), 1)
    return joint


def estimated_errors(probabilities: npt.NDArray[np.floating], labels: Indices) -> float:
    """Estimate how many labels are wrong: what is off the joint's diagonal, each row scaled to the label's images.

    Images that are merely hard count too, so this is an upper estimate where the model errs often.
    """
    joint = confident_joint(probabilities, labels).astype(np.float64)
    rows, counts = joint.sum(axis=1), np.bincount(labels, minlength=len(joint))
    off = rows - np.diag(joint)
    return float(np.divide(off * counts, rows, out=np.zeros_like(rows), where=rows > 0).sum())


def neighbour_likelihoods(neighbours: Neighbours, labels: Indices, classes: int) -> Floats:
    """Return how much more often each class stands among an image's neighbours than among all images.

    Parameters
    ----------
    neighbours : Neighbours
        Of which up to 20 are asked: about as many as the root of the number of images.
    labels : array of int64, shape (N,)
    classes : int

    Returns
    -------
    array of float64, shape (N, K)
        1 where a class is as frequent as everywhere. One more neighbour, of average classes, is added, so that none is
        0; only a class without images is.
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    asked = int(np.clip(round(len(labels) ** 0.5), _FEWEST_NEIGHBOURS, _MOST_NEIGHBOURS))
    indices = neighbours.indices[:, :asked]
    votes = np.zeros((len(labels), classes))
    for column in indices.T:
        votes[np.arange(len(labels)), labels[column]] += 1
    wanted = (votes + shares) / (indices.shape[1] + 1)
    found: Floats = np.divide(wanted, shares, out=np.zeros_like(wanted), where=shares > 0)
    return found


def combined(evidence: Sequence[Floats], labels: Indices) -> Floats:
    """Weigh several witnesses of the classes so that together they explain the labels best.

    Parameters
    ----------
    evidence : sequence of arrays of shape (N, K)
        Probabilities or likelihoods, not negative. None of them may have been computed from the image's own label.
    labels : array of int64, shape (N,)

    Returns
    -------
    array of float64, shape (N, K)
        Probabilities: a softmax of the logarithms, each times its weight. That is logistic regression with one weight
        for each witness, so it also corrects witnesses that are too sure of themselves.
    """
    logs = np.stack([_log(each) for each in evidence])  # (M, N, K)
    rows = np.arange(len(labels))
    weights = np.full(len(evidence), 0.5)
    for _ in range(_NEWTON_STEPS):
        q = _softmax(np.tensordot(weights, logs, 1))  # (N, K)
        means = np.einsum("nk,mnk->mn", q, logs)
        gradient = (means - logs[:, rows, labels]).mean(axis=1)
        spread = np.einsum("nk,ank,bnk->ab", q, logs, logs) / len(labels) - means @ means.T / len(labels)
        step = np.linalg.solve(spread + 1e-3 * np.eye(len(weights)), gradient)
        new = np.clip(weights - np.clip(step, -0.5, 0.5), 0.0, _HEAVIEST)
        if np.abs(new - weights).max() < 1e-6:
            break
        weights = new
    return _softmax(np.tensordot(weights, logs, 1))


def suspects(
    probabilities: npt.NDArray[np.floating], labels: Indices, neighbours: Neighbours | None = None
) -> Suspects:
    """Find images whose label is probably wrong.

    Parameters
    ----------
    probabilities : array of shape (N, K)
        From cross-validation: each row of a model that was not trained on that image.
    labels : array of int64, shape (N,)
    neighbours : Neighbours, optional
        A second witness, which finds about a tenth more wrong labels at the same precision.

    Returns
    -------
    Suspects
        Those whose label is 3.5 times less probable than by chance. Of classes with fewer than five images there
        are none.

    Examples
    --------
    >>> sure = np.repeat([[0.95, 0.05], [0.05, 0.95]], 10, axis=0)
    >>> labels = np.repeat([0, 1], 10)
    >>> labels[3] = 1
    >>> found = suspects(sure, labels)
    >>> found.indices.tolist(), found.suggestions.tolist()
    ([3], [0])
    """
    classes = probabilities.shape[1]
    if not len(labels):
        return Suspects(labels, labels, np.zeros(0), 0.0)
    witnesses = [probabilities.astype(np.float64)]
    if neighbours is not None and neighbours.indices.shape[1]:
        witnesses.append(neighbour_likelihoods(neighbours, labels, classes))
    q = combined(witnesses, labels)
    counts = np.bincount(labels, minlength=classes)
    own = q[np.arange(len(labels)), labels]
    chance = counts[labels] / len(labels)
    doubted = (own * LESS_THAN_CHANCE < chance) & (counts[labels] >= FEWEST) & (q.argmax(axis=1) != labels)
    found = np.flatnonzero(doubted)
    found = found[np.argsort(own[found], kind="stable")]
    return Suspects(found, q[found].argmax(axis=1), own[found], estimated_errors(q, labels))


def _log(evidence: Floats) -> Floats:
    """Return logarithms whose largest of each row is 0."""
    logs = np.log(np.maximum(evidence, _SMALLEST))
    return np.asarray(logs - logs.max(axis=1, keepdims=True))


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
