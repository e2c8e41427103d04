"""Which images are held out together in cross-validation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def draw_folds(
    labels: npt.ArrayLike, count: int, seed: int, groups: npt.ArrayLike | None = None
) -> npt.NDArray[np.int64]:
    """Deal images out to folds: each class as evenly as can be, and a group never torn apart.

    Parameters
    ----------
    labels : array of int, shape (N,)
    count : int
        How many folds.
    seed : int
    groups : array of int, shape (N,), optional
        A group counts to the class of its first image.

    Returns
    -------
    array of int, shape (N,)
        0 to ``count - 1``. The only image of a class is -1, in no fold: without it the class would be unknown.

    Examples
    --------
    >>> folds = draw_folds([0, 0, 0, 0, 1, 1, 2], 2, seed=1)
    >>> np.bincount(folds[:4]), np.bincount(folds[4:6]), folds[6]
    (array([2, 2]), array([1, 1]), np.int64(-1))
    """
    given = np.asarray(labels).astype(np.int64)
    grouped = np.arange(len(given)) if groups is None else np.asarray(groups)
    _, first, group_of = np.unique(grouped, return_index=True, return_inverse=True)
    sizes, group_labels = np.bincount(group_of), given[first]
    generator = np.random.default_rng(seed)
    fold_of = np.full(len(first), -1)
    filled = np.zeros(count, np.int64)
    for label in np.unique(group_labels):
        drawn = generator.permutation(np.flatnonzero(group_labels == label))
        if len(drawn) == 1:
            continue
        of_class = np.zeros(count, np.int64)
        for group in drawn[np.argsort(-sizes[drawn], kind="stable")]:
            # Where this class has the fewest images yet, and of those folds the emptiest.
            fold = min(range(count), key=lambda each: (of_class[each], filled[each]))
            fold_of[group] = fold
            of_class[fold] += sizes[group]
            filled[fold] += sizes[group]
    return np.asarray(fold_of[group_of.reshape(-1)])
