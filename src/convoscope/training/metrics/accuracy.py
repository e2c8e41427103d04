"""How often predictions are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, integer, real
from convoscope.training import functional
from convoscope.training.metrics.base import Metric, Values
from convoscope.training.shapes import same_shape


class Accuracy(Metric):
    """How often predictions *equal* the true values.

    For class numbers that were predicted as such. What is meant by the string ``"accuracy"`` in ``compile`` is
    something else: `BinaryAccuracy`, `SparseCategoricalAccuracy` or `CategoricalAccuracy`, as the shapes tell.

    Examples
    --------
    >>> Accuracy()([[1], [2], [3], [4]], [[0], [2], [3], [4]])
    0.75
    """

    default_name = "accuracy"

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        if y_true.ndim == y_pred.ndim - 1 or y_true.shape[-1:] == (1,):
            y_true = y_true.reshape(*y_pred.shape[:-1], 1)  # a label is compared with each prediction of its row
        targets, predictions = same_shape(np.broadcast_to(y_true, y_pred.shape), y_pred, dtype=None)
        return np.asarray(targets == predictions, np.float64)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "exact": True}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        # Files say "Accuracy" of what `compile` was told as "accuracy"; before there was exact equality, all of them.
        config = dict(config)
        return cls(**config) if config.pop("exact", False) else AccuracyByShape(**config)


class AccuracyByShape(Metric):
    """What ``metrics=["accuracy"]`` means: binary, sparse or categorical accuracy, by the shapes, as in Keras.

    One output for each sample is binary; labels with one axis less than the predictions are class numbers; labels
    shaped like the predictions are one-hot.

    Examples
    --------
    >>> AccuracyByShape()([1, 0], [[0.3, 0.7], [0.4, 0.6]])  # class numbers
    0.5
    >>> AccuracyByShape()([[0, 1], [1, 0]], [[0.3, 0.7], [0.4, 0.6]])  # one-hot labels
    0.5
    >>> AccuracyByShape()([[1], [0]], [[0.7], [0.4]])  # one output: yes or no
    1.0
    """

    default_name = "accuracy"

    @classmethod
    def class_name(cls) -> str:
        return Accuracy.__name__

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        if y_pred.shape[-1] == 1:
            return functional.binary_accuracy(y_true, y_pred)
        if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1:
            return functional.sparse_categorical_accuracy(y_true, y_pred)
        return functional.categorical_accuracy(y_true, y_pred)


class SparseCategoricalAccuracy(Metric):
    """The share of samples whose largest prediction is that of the true class number.

    Examples
    --------
    >>> SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """

    default_name = "sparse_categorical_accuracy"

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.sparse_categorical_accuracy(y_true, y_pred)


class CategoricalAccuracy(Metric):
    """The share of samples whose largest prediction is that of the true class, for one-hot labels.

    Examples
    --------
    >>> CategoricalAccuracy()([[0, 1], [1, 0]], [[0.3, 0.7], [0.4, 0.6]])
    0.5
    """

    default_name = "categorical_accuracy"

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.categorical_accuracy(y_true, y_pred)


class BinaryAccuracy(Metric):
    """The share of predictions on the right side of the threshold, for labels 0 and 1.

    Examples
    --------
    >>> y_true, y_pred = [1, 0, 1, 1], [0.9, 0.2, 0.4, 0.6]
    >>> BinaryAccuracy()(y_true, y_pred), BinaryAccuracy(threshold=0.3)(y_true, y_pred)
    (0.75, 1.0)
    """

    default_name = "binary_accuracy"

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5, **options: Any) -> None:
        super().__init__(name, dtype=dtype, **options)
        self.threshold = real(threshold, "threshold", type(self).__name__)

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.binary_accuracy(y_true, y_pred, self.threshold)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold}


class TopKCategoricalAccuracy(Metric):
    """The share of samples whose true class is among the `k` largest predictions, for one-hot labels; ties count.

    Examples
    --------
    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1], [1, 0, 0]], [[0.5, 0.2, 0.3], [0.1, 0.6, 0.3]])
    0.5
    """

    default_name = "top_k_categorical_accuracy"

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        super().__init__(name, dtype, **options)
        self.k = integer(k, "k", type(self).__name__)

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.top_k_categorical_accuracy(y_true, y_pred, self.k)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """The share of samples whose true class number is among the `k` largest predictions; ties count.

    Parameters
    ----------
    k, name, dtype
    from_sorted_ids : bool
        Whether predictions are class numbers, the most likely first, rather than a value for each class.

    Examples
    --------
    >>> y_pred = [[0.5, 0.2, 0.3], [0.1, 0.6, 0.3]]
    >>> SparseTopKCategoricalAccuracy(k=1)([2, 1], y_pred), SparseTopKCategoricalAccuracy(k=2)([2, 1], y_pred)
    (0.5, 1.0)
    """

    default_name = "sparse_top_k_categorical_accuracy"

    def __init__(
        self,
        k: int = 5,
        name: str | None = None,
        dtype: Any = None,
        from_sorted_ids: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(k, name, dtype, **options)
        self.from_sorted_ids = flag(from_sorted_ids, "from_sorted_ids", type(self).__name__)

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.sparse_top_k_categorical_accuracy(y_true, y_pred, self.k, self.from_sorted_ids)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **({"from_sorted_ids": True} if self.from_sorted_ids else {})}
