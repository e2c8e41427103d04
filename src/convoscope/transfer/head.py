"""The head of a classifier on frozen features: its strength and its temperature come from cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError
from convoscope.transfer.calibration import best_temperature, cross_entropy, softmax
from convoscope.transfer.folds import draw_folds
from convoscope.transfer.logistic import Array, Basis, Problem, basis_of

#: Strong to weak: what is found for one is where the search for the next begins.
PENALTIES = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
_FOLDS = 5
_ROUGHLY = 1e-3  # how exactly classifiers are fitted that only tell which penalty is best
_FEW, _REPEATS = 300, 3  # images below which one way to deal them out says little, so that three are tried
_MANY = 4_000  # images from which on fewer folds say as much


@dataclass(frozen=True, eq=False)
class Head:
    """A linear classifier of features.

    Attributes
    ----------
    kernel : array of float32, shape (D, classes)
        The temperature is in it: softmax of its outputs gives calibrated probabilities.
    bias : array of float32, shape (classes,)
    penalty : float
        Of `convoscope.transfer.logistic.Problem.fit`: the one of `PENALTIES` with the least cross-entropy on held-out
        images.
    temperature : float
        What scores were divided by; above 1 where the classifier was too sure of itself.
    held_out_scores : array of float64, shape (N, classes)
        Scores of the images that it was fitted to, each by a classifier that was fitted without it, divided by the
        temperature.
    folds : array of int, shape (N,)
        With which others an image was held out. -1: it is the only one of its class, or all of its class are in one
        group, so it was in every fit, and its row in `held_out` says nothing.
    """

    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    penalty: float
    temperature: float
    held_out_scores: Array
    folds: npt.NDArray[np.int64]

    @property
    def held_out(self) -> Array:
        """Calibrated probabilities (N, classes) of the images by classifiers that were fitted without them."""
        return softmax(self.held_out_scores)

    def probabilities(self, features: npt.ArrayLike) -> Array:
        """Classify features (N, D): probabilities (N, classes)."""
        given = np.asarray(features, np.float64)
        return softmax(given @ self.kernel.astype(np.float64) + self.bias)


def fit_head(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    classes: int,
    *,
    groups: npt.ArrayLike | None = None,
    balanced: bool = False,
    seed: int = 0,
    penalties: Sequence[float] = PENALTIES,
) -> Head:
    """Fit a logistic head to the features of images.

    Parameters
    ----------
    features : array of shape (N, D)
    labels : array of int, shape (N,)
        Class numbers; each class needs an image.
    classes : int
    groups : array of int, shape (N,), optional
        Images with the same number, such as near-duplicates, are held out together.
    balanced : bool
        Whether rare classes count as much as others.
    seed : int
        Which images are held out together follows from it.
    penalties : sequence of float
        Which to choose from, strong to weak.

    Raises
    ------
    DataError
        A class has no image, there is only one class, or a feature is not a finite number.

    Examples
    --------
    >>> features = np.random.default_rng(1).normal(size=(60, 8)) + np.repeat(np.eye(3, 8) * 6, 20, axis=0)
    >>> head = fit_head(features, np.repeat([0, 1, 2], 20), classes=3)
    >>> bool(np.mean(head.held_out.argmax(axis=1) == np.repeat([0, 1, 2], 20)) > 0.9)
    True
    """
    given, targets = _checked(features, labels, classes)
    basis = basis_of(given)
    x = basis.turned(given)  # (N, R)
    weights = _balance(targets, classes) if balanced else None
    count = _FOLDS if len(x) < _MANY else 3
    repeats = _REPEATS if len(x) < _FEW else 1
    folds = [draw_folds(targets, count, seed + repeat, groups) for repeat in range(repeats)]
    scores = np.stack([_held_out(x, targets, classes, each, penalties, basis.spread, weights) for each in folds])
    judged = folds[0] >= 0
    best, temperature = _judged(scores[:, :, judged], targets[judged], penalties)
    w = Problem(x, targets, classes, spread=basis.spread, weights=weights).fit(penalties[best])
    scores[0, best, ~judged] = x[~judged] @ w[:-1] + w[-1]
    kernel, bias = _unturned(basis, w / temperature)
    return Head(
        kernel.astype(np.float32),
        bias.astype(np.float32),
        penalties[best],
        temperature,
        scores[0, best] / temperature,
        folds[0],
    )


def fit_plainly(features: npt.ArrayLike, labels: npt.ArrayLike, classes: int, penalty: float) -> tuple[Array, Array]:
    """Fit kernel (D, classes) and bias (classes,) at one strength: no cross-validation, and so no temperature.

    Takes what `fit_head` takes, and raises what it raises.
    """
    given, targets = _checked(features, labels, classes)
    basis = basis_of(given)
    return _unturned(basis, Problem(basis.turned(given), targets, classes, spread=basis.spread).fit(penalty))


def _unturned(basis: Basis, w: Array) -> tuple[Array, Array]:
    """Bring weights for the principal axes (R + 1, classes) back to the features': kernel and bias."""
    kernel = basis.axes @ w[:-1] / basis.scale
    return kernel, w[-1] - basis.mean @ kernel


def _held_out(
    x: Array,
    labels: npt.NDArray[np.int64],
    classes: int,
    folds: npt.NDArray[np.int64],
    penalties: Sequence[float],
    spread: Array,
    weights: Array | None,
) -> Array:
    """Score each image by classifiers that were fitted without its fold: (penalties, N, classes)."""
    scores = np.zeros((len(penalties), len(x), classes))
    for fold in np.unique(folds[folds >= 0]):
        training = folds != fold
        part = None if weights is None else weights[training]
        problem, w = Problem(x[training], labels[training], classes, spread=spread, weights=part), None
        for index, penalty in enumerate(penalties):
            w = problem.fit(penalty, start=w, tolerance=_ROUGHLY)
            scores[index, ~training] = x[~training] @ w[:-1] + w[-1]
    return scores


def _judged(scores: Array, labels: npt.NDArray[np.int64], penalties: Sequence[float]) -> tuple[int, float]:
    """Give the position of the best penalty, and its temperature, by scores (repeats, penalties, N, classes)."""
    if not len(labels):
        return len(penalties) // 2, 1.0
    pooled = np.concatenate(list(scores), axis=1)  # (penalties, repeats * N, classes)
    truth = np.tile(labels, len(scores))
    temperatures = [best_temperature(each, truth) for each in pooled]
    losses = [cross_entropy(each / t, truth) for each, t in zip(pooled, temperatures, strict=True)]
    best = int(np.argmin(losses))
    return best, temperatures[best]


def _checked(features: npt.ArrayLike, labels: npt.ArrayLike, classes: int) -> tuple[Array, npt.NDArray[np.int64]]:
    given, targets = np.asarray(features, np.float64), np.asarray(labels).astype(np.int64)
    if given.ndim != 2 or targets.shape != given.shape[:1]:
        raise DataError(
            f"A head is fitted to features of shape (images, features) with one label for each image, but the features "
            f"have shape {given.shape} and the labels {targets.shape}."
        )
    if not np.isfinite(given).all():
        bad = int(np.argmin(np.isfinite(given).all(axis=1)))
        raise DataError(f"The features of the image at index {bad} are not finite numbers (NaN or infinite).")
    if classes < 2:
        raise DataError("A classifier needs at least two classes, but there is only one. Add images of another class.")
    counts = np.bincount(targets, minlength=classes)
    if len(counts) > classes or not counts.all():
        raise DataError(
            f"Each of the {classes} classes, numbered 0 to {classes - 1}, needs an image, but the labels count "
            f"{counts.tolist()} images."
        )
    return given, targets


def _balance(labels: npt.NDArray[np.int64], classes: int) -> Array:
    """Weigh each image so that every class weighs the same; the mean is 1."""
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / classes / counts)[labels]
