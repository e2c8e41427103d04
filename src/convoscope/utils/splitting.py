"""Data in two halves: to train with and to test with."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from convoscope.checks import real
from convoscope.errors import ConfigurationError, DataError, ShapeError

_NAME = "split_dataset"


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Any, Any]:
    """Split data into a left and a right half.

    Parameters
    ----------
    dataset : array, tuple or list of arrays, or Dataset
        One entry for each sample along the first axis; or an object with a length and the methods ``take`` and
        ``skip``, whose elements are counted: the batches, if it has batches.
    left_size, right_size : float or int, optional
        A share between 0 and 1, or a number of samples. If only one is given, the other part gets the rest; with both,
        the rest is left out.
    shuffle : bool
        Whether to shuffle the samples first.
    seed : int, optional
        The seed of that order, which is then Keras'.

    Returns
    -------
    (left, right)
        Each of the same kind as `dataset`.

    Raises
    ------
    ConfigurationError
        If the data cannot be split into parts of these sizes.
    ShapeError
        If the arrays do not have the same number of samples.

    Examples
    --------
    >>> (x_left, y_left), (x_right, y_right) = split_dataset((np.arange(5) / 2, np.arange(5)), left_size=0.6)
    >>> y_left, y_right
    (array([0, 1, 2]), array([3, 4]))
    """
    if hasattr(dataset, "take") and hasattr(dataset, "skip"):
        return _split_elements(dataset, left_size, right_size, shuffle, seed)
    several = isinstance(dataset, (tuple, list))
    arrays = [np.asarray(array) for array in dataset] if several else [np.asarray(dataset)]
    counts = {len(array) if array.ndim else 0 for array in arrays}
    if len(counts) != 1:
        raise ShapeError(f"{_NAME} takes arrays with one entry per sample, but they have {sorted(counts)} entries.")
    count = counts.pop()
    left, right = _sizes(left_size, right_size, count)
    order = list(range(count))
    if shuffle:
        random.Random(seed).shuffle(order)
    halves = [[array[order[part]] for array in arrays] for part in (slice(left), slice(count - right, None))]
    if not several:
        return halves[0][0], halves[1][0]
    return type(dataset)(halves[0]), type(dataset)(halves[1])


def _split_elements(
    dataset: Any, left_size: float | None, right_size: float | None, shuffle: bool, seed: int | None
) -> tuple[Any, Any]:
    try:
        count = len(dataset)
    except TypeError as error:
        raise DataError(f"{_NAME} cannot split a data set without a length: {error}") from error
    left, right = _sizes(left_size, right_size, count)
    if shuffle:
        dataset = dataset.shuffle(count, seed=seed, reshuffle_each_iteration=False)
    return dataset.take(left), dataset.skip(count - right)


def _sizes(left: float | None, right: float | None, count: int) -> tuple[int, int]:
    """Return how many samples are left and right."""
    if left is None and right is None:
        raise ConfigurationError(f"{_NAME} needs left_size or right_size: a fraction or a number of samples.")
    one, other = _size(left, "left_size", count), _size(right, "right_size", count)
    first = count - other if one is None and other is not None else one or 0
    second = count - first if other is None else other
    if first + second > count or not first or not second:
        raise ConfigurationError(
            f"{_NAME}: left_size={left!r} and right_size={right!r} give parts of {first} and {second} samples, "
            f"which is not possible with {count}."
        )
    return first, second


def _size(size: float | None, argument: str, count: int) -> int | None:
    if size is None:
        return None
    number = real(size, argument, _NAME)
    share = isinstance(size, (float, np.floating))
    if not 0 < number < (1 if share else count):
        raise ConfigurationError(
            f"{_NAME}: {argument} must be a fraction between 0 and 1 or a number of samples below {count}, but is "
            f"{size!r}."
        )
    return round(number * count) if share else int(number)
