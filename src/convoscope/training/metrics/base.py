"""What all metrics share: a name, and values taken in batch by batch until the next reset."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import text
from convoscope.training.functional import running_sum
from convoscope.training.metrics.variable import Variable
from convoscope.training.numbers import Number
from convoscope.training.options import reject_unsupported

Values = npt.NDArray[np.float64]
_ACCEPTED: dict[str, tuple[Any, ...]] = {"dtype": (None, "float32"), "axis": (-1,)}
_named: Counter[str] = Counter()


class Metric:
    """The base of all metrics.

    Your own metric overrides `values`: the result is their mean. Or, as in Keras, it makes variables with `add_weight`
    and overrides `update_state` and `result`.

    Parameters
    ----------
    name : str, optional
        Its name in the logs. If left out, it is `default_name` or, if that is empty, the class's name: first
        ``precision``, then ``precision_1``, ``precision_2`` ..., as in Keras.
    dtype
        Keras' argument, at its default only.

    Attributes
    ----------
    higher_is_better : bool or None
        Whether larger values are an improvement, for callbacks that wait for one; None if that is not known.
    by_batch : bool
        Whether the result depends on which samples form a batch.

    Examples
    --------
    >>> class Sure(Metric):
    ...     def values(self, y_true, y_pred):
    ...         return y_pred.max(axis=-1)  # (N,)
    >>> metric = Sure()
    >>> metric.update_state([0, 1], [[0.5, 0.5], [0.0, 1.0]])
    >>> metric.result()
    0.75
    """

    default_name = "metric"
    higher_is_better: bool | None = True
    by_batch = False
    _total: float
    _count: float

    def __init__(self, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        reject_unsupported({"dtype": dtype, **options}, _ACCEPTED, type(self))
        given = self.default_name or _numbered(type(self).__name__) if name is None else name
        self.name = text(given, "name", type(self).__name__)
        self.variables: list[Variable] = []
        self._begin()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "update_state" in vars(cls) and not cls.__module__.startswith("convoscope."):
            cls.by_batch = True  # nobody knows what it does with a batch

    def _begin(self) -> None:
        """Set what is kept from batch to batch to its beginning."""
        self._total = 0.0
        self._count = 0.0

    def add_weight(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Return a new variable of the metric, which `reset_state` resets to its initial value.

        Examples
        --------
        >>> class Largest(Metric):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.largest = self.add_weight(name="largest")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.largest.assign(max(float(self.largest), np.max(y_pred)))
        ...     def result(self):
        ...         return float(self.largest)
        >>> metric = Largest()
        >>> metric.update_state([0, 1], [0.5, 0.75])
        >>> metric.result()
        0.75
        """
        if isinstance(shape, str):  # in older Keras the name came first
            shape, name = (), shape
        self.variables.append(Variable(tuple(shape), initializer, name))
        return self.variables[-1]

    add_variable = add_weight

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        """Return the values whose mean is the metric; the first axis is the samples'."""
        raise NotImplementedError

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        """Add samples to those measured so far.

        Parameters
        ----------
        y_true, y_pred : arrays
            True values and predictions of some samples.
        sample_weight : array of shape (N,), or that of the values, optional

        Examples
        --------
        >>> from convoscope.training.metrics import MeanAbsoluteError
        >>> metric = MeanAbsoluteError()
        >>> metric.update_state([[1.0]], [[2.0]])
        >>> metric.update_state([[1.0]], [[4.0]], sample_weight=[3.0])
        >>> metric.result()  # (1 × 1 + 3 × 3) / (1 + 3)
        2.5
        """
        self._take(np.asarray(self.values(np.asarray(y_true), np.asarray(y_pred))), sample_weight)

    def _take(self, values: Values, sample_weight: npt.ArrayLike | None) -> None:
        """Add up values × weights, and what they are divided by."""
        weights = np.broadcast_to(np.float64(1), values.shape[:1])
        if sample_weight is not None:
            weights = fitted(sample_weight, values)
            if weights.ndim < values.ndim:
                values = values.mean(axis=tuple(range(weights.ndim, values.ndim)))
            values = values * weights
        elif values.ndim > 1:
            values = values.mean(axis=tuple(range(1, values.ndim)))
        share = 1.0 / max(
            1, np.prod(values.shape[1:], dtype=int)
        )  # of a sample's values each counts one sample's share
        self._total = running_sum(self._total, values * share)
        self._count = running_sum(self._count, np.broadcast_to(weights, values.shape) * share)

    def result(self) -> Any:
        """Return the mean so far; 0 before the first sample, as in Keras.

        Examples
        --------
        >>> from convoscope.training.metrics import MeanAbsoluteError
        >>> metric = MeanAbsoluteError()
        >>> metric.update_state([[1.0], [1.0]], [[2.0], [4.0]])
        >>> metric.result()
        2.0
        """
        return Number(self._total / self._count if self._count else 0.0)

    def reset_state(self) -> None:
        """Forget all samples.

        Examples
        --------
        >>> from convoscope.training.metrics import MeanAbsoluteError
        >>> metric = MeanAbsoluteError()
        >>> metric.update_state([[1.0]], [[4.0]])
        >>> metric.reset_state()
        >>> metric.result()
        0.0
        """
        self._begin()
        for variable in self.variables:
            variable.reset()

    def reset_states(self) -> None:
        """Do what `reset_state` does, under its older name."""
        self.reset_state()

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """Take samples in and return the result so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    @classmethod
    def class_name(cls) -> str:
        """Return what files call metrics of this kind."""
        return cls.__name__

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain JSON values.

        Examples
        --------
        >>> from convoscope.training.metrics import MeanAbsoluteError
        >>> metric = MeanAbsoluteError()
        >>> metric.get_config()
        {'name': 'mean_absolute_error'}
        """
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Make a metric from what `get_config` returned.

        Examples
        --------
        >>> from convoscope.training.metrics import Precision
        >>> Precision.from_config({"thresholds": 0.8, "name": "sure"}).name
        'sure'
        """
        return cls(**config)

    def __repr__(self) -> str:
        result = self.result()
        shown = f"{float(result):.4f}" if np.ndim(result) == 0 else np.array2string(np.asarray(result), precision=4)
        return f"{type(self).__name__}(name={self.name!r}, result={shown})"


def fitted(sample_weight: npt.ArrayLike, values: npt.NDArray[Any]) -> Values:
    """Return weights with as many axes as fit the values: (N, 1) is taken for (N,), and (N,) for (N, 1)."""
    weights = np.asarray(sample_weight, np.float64)
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    elif values.ndim == weights.ndim + 1 and values.shape[-1] == 1:
        weights = weights[..., None]
    return weights


def _numbered(kind: str) -> str:
    base = snake_case(kind)
    number = _named[base]
    _named[base] += 1
    return f"{base}_{number}" if number else base


def snake_case(name: str) -> str:
    """Return a class's name as Keras writes it in strings.

    Examples
    --------
    >>> snake_case("TruePositives"), snake_case("AUC"), snake_case("F1Score")
    ('true_positives', 'auc', 'f1_score')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def reset_names() -> None:
    """Start counting the names of metrics again, as ``clear_session`` does.

    Examples
    --------
    >>> from convoscope.training.metrics import Precision
    >>> reset_names()
    >>> Precision().name, Precision().name
    ('precision', 'precision_1')
    """
    _named.clear()
