"""Classes that the background gives away: what a classifier achieves that sees only colours, or only the border."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from convoscope.report.interval import interval_of

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: With fewer images of a class an interval is too wide to say anything.
FEWEST = 10
#: What a pair of classes must be told apart in at least, with 95 % confidence, to be reported.
REPORTED = 0.8
_GRID = 8
_FOLDS = 5
_SHRINKAGE = 0.2
_LEAST_VARIANCE = 1e-6  # of pictures that are all alike


@dataclass(frozen=True)
class Giveaway:
    """Two classes that are told apart without a look at what the pictures show.

    Attributes
    ----------
    view : str
        What was seen: ``"border"`` or ``"colours"``.
    classes : tuple of int
        The lower first.
    accuracy : float
        The mean of the shares of both classes' images that were right.
    low, high : float
        Its 95 % interval, which allows for the number of pairs that were tried.
    """

    view: str
    classes: tuple[int, int]
    accuracy: float
    low: float
    high: float


def views(images: npt.NDArray[np.uint8]) -> dict[str, Floats]:
    """Return what is seen of images by who sees only little of them.

    Parameters
    ----------
    images : array of uint8, shape (N, height, width, channels)

    Returns
    -------
    dict of str to array of shape (N, F)
        ``"border"``: the mean colours of 28 cells along the border, an eighth of the picture wide.
        ``"colours"``: those of the whole picture in 2 × 2 cells.
    """
    cells = np.stack([_cells(image) for image in images])  # (N, 8, 8, channels)
    edge = np.ones((_GRID, _GRID), bool)
    edge[1:-1, 1:-1] = False
    half = _GRID // 2
    quarters = cells.reshape(len(cells), 2, half, 2, half, -1).mean(axis=(2, 4))
    return {"border": cells[:, edge].reshape(len(cells), -1), "colours": quarters.reshape(len(cells), -1)}


def giveaways(
    images: npt.NDArray[np.uint8], labels: Indices, classes: int, groups: Indices | None = None
) -> list[Giveaway]:
    """Find pairs of classes that are told apart by their border, or by their mean colours.

    Parameters
    ----------
    images : array of uint8, shape (N, height, width, channels)
    labels : array of int64, shape (N,)
    classes : int
    groups : array of int64, shape (N,), optional
        Images with the same number stay on the same side of cross-validation: copies of one picture.

    Returns
    -------
    list of Giveaway
        The surest first, and of each pair the surer view. Those whose accuracy is above 80 % with confidence.

    Notes
    -----
    The classifier is linear discriminant analysis with a shrunk covariance, cross-validated in five folds. Of its
    scores for all classes, two are compared. The interval is Wilson's, at 95 % for all pairs and views together
    (Bonferroni).
    """
    counts = np.bincount(labels, minlength=classes)
    judged = np.flatnonzero(counts >= FEWEST)
    pairs = [(int(a), int(b)) for a in judged for b in judged if a < b]
    if not pairs:
        return []
    folds = _folds(labels, np.arange(len(labels)) if groups is None else groups)
    best: dict[tuple[int, int], Giveaway] = {}
    for view, seen in views(images).items():
        scores = _cross_validated(seen, labels, classes, folds)
        for found in _told_apart(view, scores, labels, pairs):
            if found.classes not in best or found.low > best[found.classes].low:
                best[found.classes] = found
    return sorted(best.values(), key=lambda found: (-found.low, found.classes))


def _told_apart(view: str, scores: Floats, labels: Indices, pairs: list[tuple[int, int]]) -> Iterator[Giveaway]:
    z = NormalDist().inv_cdf(1 - 0.025 / (2 * len(pairs)))
    members = {each: np.flatnonzero(labels == each) for pair in pairs for each in pair}
    for a, b in pairs:
        shares = [
            float(np.mean(scores[members[own], own] > scores[members[own], other])) for own, other in ((a, b), (b, a))
        ]
        accuracy = sum(shares) / 2
        # The mean of two shares varies as one share of this many images does.
        effective = 4 / (1 / len(members[a]) + 1 / len(members[b]))
        low, high = interval_of(accuracy * effective, effective, z)
        if low > REPORTED:
            yield Giveaway(view, (a, b), accuracy, low, high)


def _cells(image: npt.NDArray[np.uint8]) -> Floats:
    """Return the mean colours of 8 × 8 cells, from 0 to 1."""
    from PIL import Image

    colours = np.ascontiguousarray(
        np.broadcast_to(image, (*image.shape[:2], 3)) if image.shape[2] == 1 else image[..., :3]
    )
    small = Image.fromarray(colours).resize((_GRID, _GRID), Image.Resampling.BOX)
    return np.asarray(small, np.float64) / 255


def _folds(labels: Indices, groups: Indices) -> Indices:
    """Deal each class's images to the folds in turn, but what belongs together to one."""
    folds = np.zeros(len(labels), np.int64)
    for each in np.unique(labels):
        members = np.flatnonzero(labels == each)
        folds[members] = np.arange(len(members)) % _FOLDS
    first = np.unique(groups, return_index=True, return_inverse=True)
    return np.asarray(folds[first[1]][first[2].reshape(-1)])


def _cross_validated(seen: Floats, labels: Indices, classes: int, folds: Indices) -> Floats:
    """Return scores (N, K), each row of linear discriminant analysis that was not fitted to that image."""
    scores = np.zeros((len(labels), classes))
    for fold in range(_FOLDS):
        held = folds == fold
        if held.all():
            continue  # all of it is one picture: nothing to learn from
        x, y = seen[~held], labels[~held]
        present = np.unique(y)
        means = np.stack([x[y == each].mean(axis=0) for each in present])  # (present, F)
        # Each class counts alike, however many images it has.
        within = x - means[np.searchsorted(present, y)]
        weights = 1 / (len(present) * np.bincount(y, minlength=classes)[y])
        covariance = within.T @ (within * weights[:, None])
        variance = max(float(np.trace(covariance)) / len(covariance), _LEAST_VARIANCE)
        shrunk = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * variance * np.eye(len(covariance))
        directions = np.linalg.solve(shrunk, means.T)  # (F, present)
        offsets = 0.5 * np.einsum("kf,fk->k", means, directions)
        scores[np.ix_(held, present)] = seen[held] @ directions - offsets
    return scores
