"""``tf.data.experimental``, as far as lessons use it."""

from __future__ import annotations

from convoscope.data.dataset import Dataset
from convoscope.data.options import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from convoscope.tensors import Tensor

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "cardinality"]


def cardinality(dataset: Dataset) -> Tensor:
    """Return how many elements a data set has. See `Dataset.cardinality`.

    Examples
    --------
    >>> int(cardinality(Dataset.range(10).batch(4)))
    3
    """
    return dataset.cardinality()
