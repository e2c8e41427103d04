"""Which images train, validate and test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError

TRAIN, VALIDATION, TEST = range(3)
UNKNOWN = 255
_FEW = 3


def check_share(share: float, name: str) -> float:
    """Check a share of the images: 0 or more, below 1."""
    if not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise ConfigurationError(
            f"{name} must be at least 0 and below 1 (0.1 means every tenth image), but is {share!r}."
        )
    return float(share)


def draw_parts(
    labels: npt.NDArray[np.integer], groups: npt.NDArray[np.int64], validation: float, test: float, seed: int
) -> npt.NDArray[np.uint8]:
    """Draw the part of each image: in each class alike, and a group never torn apart.

    Parameters
    ----------
    labels, groups : array of int, shape (N,)
        A group with several labels counts to that of its first image.
    validation, test : float
        Shares. Of a class with three images or more, each share above 0 gets one at least.
    seed : int

    Returns
    -------
    array of uint8, shape (N,)
        0 to train, 1 to validate, 2 to test.

    Examples
    --------
    >>> parts = draw_parts(np.repeat([0, 1], 10), np.arange(20), 0.2, 0.1, seed=1)
    >>> np.bincount(parts[:10]), np.bincount(parts[10:])
    (array([7, 2, 1]), array([7, 2, 1]))
    """
    if validation + test >= 1:
        raise ConfigurationError(
            f"validation_split={validation:g} and test_split={test:g} leave no training images. Their sum must be "
            "below 1."
        )
    generator = np.random.default_rng(seed)
    _, first, group_of = np.unique(groups, return_index=True, return_inverse=True)
    sizes, group_label = np.bincount(group_of), labels[first]
    part_of_group = np.zeros(len(first), np.uint8)
    for label in np.unique(group_label):
        drawn = generator.permutation(np.flatnonzero(group_label == label))
        count, training = int(sizes[drawn].sum()), len(drawn)
        for part, share in ((TEST, test), (VALIDATION, validation)):
            left = max(round(count * share), 1 if share and count >= _FEW else 0)
            for group in drawn[part_of_group[drawn] == TRAIN]:
                if sizes[group] <= left and training > 1:
                    part_of_group[group] = part
                    left -= int(sizes[group])
                    training -= 1
                if not left:
                    break
    return part_of_group[group_of.reshape(-1)]


def grow_parts(
    known: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.integer],
    groups: npt.NDArray[np.int64],
    validation: float,
    test: float,
    seed: int,
) -> npt.NDArray[np.uint8]:
    """Draw the parts of new images, where those of others are known.

    Parameters
    ----------
    known : array of uint8, shape (N,)
        The part of each image, or 255. What is known stays.
    labels, groups, validation, test, seed
        As in `draw_parts`. A new image of a group with a known part gets that part.

    Examples
    --------
    >>> known = np.array([0, 2, 255, 255], np.uint8)
    >>> grow_parts(known, np.zeros(4, int), np.array([0, 1, 1, 3]), 0.0, 0.0, seed=1)
    array([0, 2, 2, 0], dtype=uint8)
    """
    part_of_group = {int(group): part for group, part in zip(groups, known, strict=True) if part != UNKNOWN}
    parts: npt.NDArray[np.uint8] = known.copy()
    for index in np.flatnonzero(known == UNKNOWN):
        parts[index] = part_of_group.get(int(groups[index]), UNKNOWN)
    new = np.flatnonzero(parts == UNKNOWN)
    if len(new):
        parts[new] = draw_parts(labels[new], groups[new], validation, test, seed)
    return parts
