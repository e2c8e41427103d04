"""Precision, recall, and what they are made of: predictions above a threshold beside true labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import integer, real
from convoscope.errors import ConfigurationError
from convoscope.tensors import tensor
from convoscope.training.metrics.base import Metric
from convoscope.training.metrics.counting import LOWEST, Counts, checked_thresholds, count, share
from convoscope.training.numbers import Number


class _Counted(Metric):
    """A metric that is computed from counts of positives and negatives."""

    default_name = ""
    thresholds: npt.NDArray[np.float64]
    options: dict[str, Any]

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        self._counts.add(count(y_true, y_pred, np.asarray(self.thresholds), sample_weight, **self.options))

    def _begin(self) -> None:
        self._counts = Counts()

    def result(self) -> Any:
        """Return the result so far: a number, or one for each threshold."""
        values = np.zeros(len(self.thresholds)) + self.of(self._counts)
        return Number(values[0]) if len(values) == 1 else tensor(values)

    def of(self, counts: Counts) -> Any:
        """Return the metric that counts make."""
        raise NotImplementedError


class TruePositives(_Counted):
    """How many predictions above a threshold belong to true labels, weighted.

    Parameters
    ----------
    thresholds : float or list of float, optional
        From 0 to 1; 0.5 if left out. The result of several is an array.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> TruePositives()([0, 1, 1, 1], [0.9, 0.2, 0.7, 0.6])
    2.0
    """

    count = "true_positives"

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        self.given_thresholds, self.options = thresholds, {}
        self.thresholds = checked_thresholds(thresholds, 0.5, type(self).__name__)
        super().__init__(name, dtype, **options)

    def of(self, counts: Counts) -> Any:
        return getattr(counts, self.count)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.given_thresholds}


class FalsePositives(TruePositives):
    """How many negative labels (0) are predicted as positive: above a threshold. Arguments as `TruePositives`.

    Examples
    --------
    >>> FalsePositives()([0, 0, 1, 1], [0.9, 0.2, 0.7, 0.4])  # the 0.9
    1.0
    """

    count = "false_positives"
    higher_is_better = False


class TrueNegatives(TruePositives):
    """How many negative labels (0) are predicted as negative: not above a threshold. Arguments as `TruePositives`.

    Examples
    --------
    >>> TrueNegatives()([0, 0, 1, 1], [0.9, 0.2, 0.7, 0.4])  # the 0.2
    1.0
    """

    count = "true_negatives"


class FalseNegatives(TruePositives):
    """How many positive labels are predicted as negative: not above a threshold. Arguments as `TruePositives`.

    Examples
    --------
    >>> FalseNegatives()([0, 1, 1, 1], [0.9, 0.2, 0.7, 0.6])  # the 0.2
    1.0
    """

    count = "false_negatives"
    higher_is_better = False


class Precision(_Counted):
    """The share of the positive predictions that are right.

    Parameters
    ----------
    thresholds : float or list of float, optional
        Predictions above are positive; 0.5 if left out. The result of several is an array.
    top_k : int, optional
        Only the largest `k` predictions of each row are positive, and without thresholds all of them.
    class_id : int, optional
        Only this class counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> Precision()([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        where = type(self).__name__
        self.given_thresholds = thresholds
        self.top_k = None if top_k is None else integer(top_k, "top_k", where)
        self.class_id = None if class_id is None else integer(class_id, "class_id", where, minimum=0)
        self.options = {"top_k": self.top_k, "class_id": self.class_id}
        self.thresholds = checked_thresholds(thresholds, 0.5 if top_k is None else LOWEST, where)
        super().__init__(name, dtype, **options)

    def of(self, counts: Counts) -> Any:
        return share(counts.true_positives, counts.true_positives + counts.false_positives)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.given_thresholds, **self.options}


class Recall(Precision):
    """The share of the positive labels that are predicted as positive. Arguments as `Precision`.

    Examples
    --------
    >>> Recall()([0, 1, 1, 1], [1, 0, 1, 1])
    0.6666666666666666
    """

    def of(self, counts: Counts) -> Any:
        return share(counts.true_positives, counts.true_positives + counts.false_negatives)


def _sensitivity(counts: Counts) -> Any:
    return share(counts.true_positives, counts.true_positives + counts.false_negatives)


def _specificity(counts: Counts) -> Any:
    return share(counts.true_negatives, counts.true_negatives + counts.false_positives)


def _precision(counts: Counts) -> Any:
    return share(counts.true_positives, counts.true_positives + counts.false_positives)


class _BestAtLeast(_Counted):
    """The best that one share can be at a threshold where another one is at least a given value."""

    wanted: str
    held: Callable[[Counts], Any]
    best: Callable[[Counts], Any]

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        where = type(self).__name__
        self.value = real(value, self.wanted, where)
        if not 0.0 <= self.value <= 1.0:
            raise ConfigurationError(f"{where}: {self.wanted} must be from 0 to 1, but is {value!r}.")
        self.num_thresholds = integer(num_thresholds, "num_thresholds", where)
        self.class_id = None if class_id is None else integer(class_id, "class_id", where, minimum=0)
        self.options = {"class_id": self.class_id}
        self.thresholds = np.linspace(0, 1, num_thresholds) if num_thresholds > 1 else np.array([0.5])
        super().__init__(name, dtype, **options)

    def result(self) -> Any:
        """Return the result so far."""
        held, best = type(self).held(self._counts), type(self).best(self._counts)
        return Number(np.max(np.where(held >= self.value, best, 0), initial=0))

    def get_config(self) -> dict[str, Any]:
        own = {self.wanted: self.value, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        config = dict(config)
        return cls(config.pop(cls.wanted), **config)


class SensitivityAtSpecificity(_BestAtLeast):
    """The best sensitivity (recall) at a threshold where the specificity is at least the given value.

    Parameters
    ----------
    specificity : float
        From 0 to 1.
    num_thresholds : int
        How many thresholds are tried, evenly spaced from 0 to 1.
    class_id : int, optional
        Only this class counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SensitivityAtSpecificity(0.5)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9])  # with one false alarm, both are found
    1.0
    """

    wanted, held, best = "specificity", staticmethod(_specificity), staticmethod(_sensitivity)

    def __init__(self, specificity: float, *arguments: Any, **options: Any) -> None:
        super().__init__(specificity, *arguments, **options)


class SpecificityAtSensitivity(_BestAtLeast):
    """The best specificity at a threshold where the sensitivity (recall) is at least the given value.

    Parameters
    ----------
    sensitivity : float
        From 0 to 1.
    num_thresholds : int
        How many thresholds are tried, evenly spaced from 0 to 1.
    class_id : int, optional
        Only this class counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SpecificityAtSensitivity(1.0)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9])  # finding both costs one false alarm of two
    0.5
    """

    wanted, held, best = "sensitivity", staticmethod(_sensitivity), staticmethod(_specificity)

    def __init__(self, sensitivity: float, *arguments: Any, **options: Any) -> None:
        super().__init__(sensitivity, *arguments, **options)


class PrecisionAtRecall(_BestAtLeast):
    """The best precision at a threshold where the recall is at least the given value.

    Parameters
    ----------
    recall : float
        From 0 to 1.
    num_thresholds : int
        How many thresholds are tried, evenly spaced from 0 to 1.
    class_id : int, optional
        Only this class counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(PrecisionAtRecall(1.0)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]), 4)  # to find both, one false alarm
    0.6667
    """

    wanted, held, best = "recall", staticmethod(_sensitivity), staticmethod(_precision)

    def __init__(self, recall: float, *arguments: Any, **options: Any) -> None:
        super().__init__(recall, *arguments, **options)


class RecallAtPrecision(_BestAtLeast):
    """The best recall at a threshold where the precision is at least the given value.

    Parameters
    ----------
    precision : float
        From 0 to 1.
    num_thresholds : int
        How many thresholds are tried, evenly spaced from 0 to 1.
    class_id : int, optional
        Only this class counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> RecallAtPrecision(1.0)([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9])  # above 0.6 only one of both is found
    0.5
    """

    wanted, held, best = "precision", staticmethod(_precision), staticmethod(_sensitivity)

    def __init__(self, precision: float, *arguments: Any, **options: Any) -> None:
        super().__init__(precision, *arguments, **options)
