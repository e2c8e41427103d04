"""Metrics under Keras' names: running means over the samples seen since the last reset."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import integer, real, text
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.training import functional
from convoscope.training.functional import (
    binary_accuracy,
    categorical_accuracy,
    confusion_matrix,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from convoscope.training.options import reject_unsupported

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "MeanSquaredError",
    "Metric",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "confusion_matrix",
    "deserialize",
    "get",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

Values = npt.NDArray[np.float64]
_ACCEPTED: dict[str, tuple[Any, ...]] = {"dtype": (None, "float32"), "from_sorted_ids": (False,)}


class Metric:
    """The base of all metrics; one of your own overrides `values`.

    Parameters
    ----------
    name : str, optional
        What it is called in logs.

    Attributes
    ----------
    higher_is_better : bool
        What callbacks that wait for an improvement go by.
    """

    default_name = "metric"
    higher_is_better = True
    _total: float
    _count: float

    def __init__(self, name: str | None = None, **options: Any) -> None:
        reject_unsupported(options, _ACCEPTED, type(self))
        self.name = self.default_name if name is None else text(name, "name", type(self).__name__)
        self.reset_state()

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        """Return the values whose mean is the metric; the first axis is the samples'."""
        raise NotImplementedError

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        """Take more samples in."""
        values = self.values(np.asarray(y_true), np.asarray(y_pred))
        weights = np.ones(1) if sample_weight is None else np.asarray(sample_weight, np.float64)
        weights = np.broadcast_to(weights.reshape(-1, *[1] * (values.ndim - 1)), values.shape)
        self._total = functional.running_sum(self._total, values * weights)
        self._count = functional.running_sum(self._count, weights)

    def result(self) -> float:
        """Return the mean so far; 0 before the first sample, as in Keras."""
        return self._total / self._count if self._count else 0.0

    def reset_state(self) -> None:
        """Forget all samples."""
        self._total = 0.0
        self._count = 0.0

    def __call__(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> float:
        """Take samples in and return the mean so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain JSON values."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Make a metric from what `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, result={self.result():.4f})"


class SparseCategoricalAccuracy(Metric):
    """How often the largest prediction is that of the true class number.

    Examples
    --------
    >>> SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """

    default_name = "sparse_categorical_accuracy"

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.sparse_categorical_accuracy(y_true, y_pred)


class CategoricalAccuracy(Metric):
    """How often the largest prediction is that of the true class, for one-hot labels."""

    default_name = "categorical_accuracy"

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.categorical_accuracy(y_true, y_pred)


class BinaryAccuracy(Metric):
    """How often predictions lie on the right side of the threshold, for labels 0 and 1."""

    default_name = "binary_accuracy"

    def __init__(
        self, name: str | None = None, dtype: str | None = None, threshold: float = 0.5, **options: Any
    ) -> None:
        super().__init__(name, dtype=dtype, **options)
        self.threshold = real(threshold, "threshold", type(self).__name__)

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.binary_accuracy(y_true, y_pred, self.threshold)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold}


class Accuracy(Metric):
    """What ``metrics=["accuracy"]`` means: binary, sparse or categorical accuracy, as the shapes tell, like Keras.

    One output a sample is binary; labels with an axis less than the predictions are class numbers; labels shaped as the
    predictions are one-hot. (Keras' class of this name, unlike its string, asks for exact equality.)
    """

    default_name = "accuracy"

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        if y_pred.shape[-1] == 1:
            return functional.binary_accuracy(y_true, y_pred)
        if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1:
            return functional.sparse_categorical_accuracy(y_true, y_pred)
        return functional.categorical_accuracy(y_true, y_pred)


class SparseTopKCategoricalAccuracy(Metric):
    """How often the true class number is among the `k` largest predictions; ties count."""

    default_name = "sparse_top_k_categorical_accuracy"

    def __init__(self, k: int = 5, name: str | None = None, **options: Any) -> None:
        super().__init__(name, **options)
        self.k = integer(k, "k", type(self).__name__)

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.sparse_top_k_categorical_accuracy(y_true, y_pred, self.k)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


class TopKCategoricalAccuracy(SparseTopKCategoricalAccuracy):
    """How often the true class is among the `k` largest predictions, for one-hot labels; ties count."""

    default_name = "top_k_categorical_accuracy"

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.top_k_categorical_accuracy(y_true, y_pred, self.k)


class MeanSquaredError(Metric):
    """The mean of squared differences."""

    default_name = "mean_squared_error"
    higher_is_better = False

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return functional.mean_squared_error(y_true, y_pred)


_KINDS: dict[str, type[Metric]] = {
    kind.default_name: kind
    for kind in (
        Accuracy,
        SparseCategoricalAccuracy,
        CategoricalAccuracy,
        BinaryAccuracy,
        TopKCategoricalAccuracy,
        SparseTopKCategoricalAccuracy,
        MeanSquaredError,
    )
}
_SYNONYMS = {"acc": "accuracy", "mse": "mean_squared_error"} | {kind.__name__.lower(): n for n, kind in _KINDS.items()}


def get(identifier: str | dict[str, Any] | Metric | type[Metric]) -> Metric:
    """Return the metric that a name, a description, a class or a metric itself stands for.

    A name is kept as it was written, as in Keras: with ``metrics=["acc"]`` the logs say ``acc``.

    Examples
    --------
    >>> get("acc").name, type(get("acc")).__name__
    ('acc', 'Accuracy')
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if not isinstance(identifier, str):
        raise ConfigurationError(
            f"A metric is a name, such as 'accuracy', or a Metric object, but {identifier!r} came. For one of your "
            "own, derive from metrics.Metric and override values(y_true, y_pred)."
        )
    name = _SYNONYMS.get(identifier.lower(), identifier.lower())
    if name not in _KINDS:
        raise unknown_name("metric", identifier, _KINDS)
    return _KINDS[name](name=identifier)


def serialize(metric: Metric) -> dict[str, Any]:
    """Return the metric's kind and settings as plain JSON values."""
    return {"class_name": type(metric).__name__, "config": metric.get_config()}


def deserialize(description: dict[str, Any]) -> Metric:
    """Make a metric from what `serialize` returned."""
    by_class = {kind.__name__: kind for kind in _KINDS.values()}
    name = description.get("class_name")
    if name not in by_class:
        raise unknown_name("metric", name, by_class)
    return by_class[name].from_config(description.get("config", {}))
