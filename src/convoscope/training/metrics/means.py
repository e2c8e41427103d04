"""Means and sums: of values, and of what a function makes of true values and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.loss_rule import KINDS
from convoscope.errors import ShapeError
from convoscope.training.functional import running_sum
from convoscope.training.losses import Loss, functions as losses, serialize
from convoscope.training.metrics.base import Metric, Values, fitted
from convoscope.training.numbers import Number


class Mean(Metric):
    """The mean of values.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.update_state([1, 3])
    >>> mean.update_state(8)
    >>> mean.result()
    4.0
    """

    default_name = "mean"

    def update_state(  # type: ignore[override]
        self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        """Take values in: one, or the first axis is the samples'.

        Examples
        --------
        >>> mean = Mean()
        >>> mean.update_state([1.0, 2.0])
        >>> mean.update_state([6.0], sample_weight=[2.0])
        >>> float(mean.result())  # (1 + 2 + 2 × 6) / (1 + 1 + 2)
        3.75
        """
        self._take(np.atleast_1d(np.asarray(values, np.float64)), sample_weight)

    def __call__(self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:  # type: ignore[override]
        """Take values in and return the mean so far."""
        self.update_state(values, sample_weight)
        return self.result()


class Sum(Mean):
    """The sum of values, each times its weight.

    Examples
    --------
    >>> total = Sum()
    >>> total.update_state([1, 3])
    >>> total.update_state([10], sample_weight=[0.5])
    >>> total.result()
    9.0
    """

    default_name = "sum"

    def update_state(  # type: ignore[override]
        self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        array = np.atleast_1d(np.asarray(values, np.float64))
        if sample_weight is not None:
            weights = fitted(sample_weight, array)
            array = array * weights.reshape(*weights.shape, *[1] * (array.ndim - weights.ndim))
        self._total = running_sum(self._total, array)

    def result(self) -> Any:
        """Return the sum so far."""
        return Number(self._total)


_LOSSES = [getattr(losses, kind) for kind in KINDS]


class MeanMetricWrapper(Metric):
    """The mean of what a function of true values and predictions returns.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred, **kwargs)`` of NumPy arrays. It returns one or more values for each sample, or one for all:
        then the metric is the mean over the batches, as in Keras.
    name : str, optional
        If left out, the function's name.
    **kwargs
        The function's other arguments.

    Examples
    --------
    >>> def largest_error(y_true, y_pred):
    ...     return np.abs(y_true - y_pred).max(axis=-1)
    >>> metric = MeanMetricWrapper(largest_error)
    >>> metric.update_state([[0.0, 1.0]], [[0.5, 0.75]])
    >>> metric.name, metric.result()
    ('largest_error', 0.5)
    """

    by_batch = True

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        own = getattr(fn, "__name__", None) or getattr(fn, "name", None) or type(fn).__name__
        super().__init__(str(own) if name is None else name, dtype)
        self.fn, self.kwargs = fn, kwargs
        self.higher_is_better = False if isinstance(fn, Loss) or any(fn is known for known in _LOSSES) else None

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        found = np.atleast_1d(np.asarray(self.fn(y_true, y_pred, **self.kwargs), np.float64))
        if found.shape != (1,) and found.shape[0] != len(y_pred):
            raise ShapeError(
                f"The metric {self.name!r} must return one value, or one for each of {len(y_pred)} samples, but its "
                f"shape is {found.shape}."
            )
        return found

    def get_config(self) -> dict[str, Any]:
        named = getattr(self.fn, "__name__", type(self.fn).__name__)
        return {**super().get_config(), "fn": serialize(self.fn) if isinstance(self.fn, Loss) else named, **self.kwargs}


class _OfFunction(Metric):
    """A mean of one of our functions; `settings` are its arguments."""

    higher_is_better = False
    function: Callable[..., Values]

    @property
    def settings(self) -> dict[str, Any]:
        """What the function takes besides true values and predictions."""
        return {}

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return type(self).function(y_true, y_pred, **self.settings)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.settings}


class MeanSquaredError(_OfFunction):
    """The mean of squared differences.

    Examples
    --------
    >>> MeanSquaredError()([[0.0, 1.0], [2.0, 2.0]], [[0.0, 0.5], [1.0, 4.0]])  # (0.25 + 1 + 4) / 4
    1.3125
    """

    default_name = "mean_squared_error"
    function = staticmethod(losses.mean_squared_error)


class RootMeanSquaredError(MeanSquaredError):
    """The square root of the mean of squared differences.

    Examples
    --------
    >>> RootMeanSquaredError()([[0.0], [3.0]], [[0.0], [7.0]])
    2.8284271247461903
    """

    default_name = "root_mean_squared_error"

    def result(self) -> Any:
        """Return the root of the mean so far."""
        return Number(np.sqrt(super().result()))


class MeanAbsoluteError(_OfFunction):
    """The mean of absolute differences.

    Examples
    --------
    >>> MeanAbsoluteError()([[0.0, 1.0], [2.0, 2.0]], [[0.0, 0.5], [1.0, 4.0]])  # (0.5 + 1 + 2) / 4
    0.875
    """

    default_name = "mean_absolute_error"
    function = staticmethod(losses.mean_absolute_error)


class MeanAbsolutePercentageError(_OfFunction):
    """The mean of differences in percent of the true values.

    Examples
    --------
    >>> MeanAbsolutePercentageError()([[10.0, 50.0]], [[9.0, 60.0]])  # 10 % and 20 %
    15.0
    """

    default_name = "mean_absolute_percentage_error"
    function = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(_OfFunction):
    """The mean of squared differences of log(1 + value).

    Examples
    --------
    >>> round(MeanSquaredLogarithmicError()([[0.0, 3.0]], [[1.0, 3.0]]), 4)  # log(2)² / 2
    0.2402
    """

    default_name = "mean_squared_logarithmic_error"
    function = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(_OfFunction):
    """The mean of the logarithms of the differences' hyperbolic cosines.

    Examples
    --------
    >>> round(LogCoshError()([[0.0], [0.0]], [[0.1], [10.0]]), 4)  # about the mean of 0.1² / 2 and 10 - log(2)
    4.6559
    """

    default_name = "logcosh"
    function = staticmethod(losses.log_cosh)


class CosineSimilarity(_OfFunction):
    """The cosine of the angle between each row and its true value: 1 where both point the same way.

    (The loss of that name is its negative.)

    Examples
    --------
    >>> CosineSimilarity()([[1.0, 0.0], [1.0, 0.0]], [[2.0, 0.0], [0.0, 1.0]])  # the mean of 1 and 0
    0.5
    """

    default_name = "cosine_similarity"
    higher_is_better = True

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1, **options: Any) -> None:
        super().__init__(name, dtype, axis=axis, **options)

    def values(self, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any]) -> Values:
        return -losses.cosine_similarity(y_true, y_pred)


class KLDivergence(_OfFunction):
    """The mean divergence of the predicted distributions from the true ones (Kullback and Leibler).

    Examples
    --------
    >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)  # (log(0.5 / 0.25) + log(0.5 / 0.75)) / 2
    0.1438
    """

    default_name = "kl_divergence"
    function = staticmethod(losses.kl_divergence)


class Poisson(_OfFunction):
    """The mean of prediction - true value × log(prediction).

    Examples
    --------
    >>> round(Poisson()([[2.0]], [[2.0]]), 4), round(Poisson()([[2.0]], [[4.0]]), 4)  # the least at the count itself
    (0.6137, 1.2274)
    """

    default_name = "poisson"
    function = staticmethod(losses.poisson)


class Hinge(_OfFunction):
    """The mean of how far predictions fall short of a margin of 1, for labels -1 and 1, or 0 and 1.

    Examples
    --------
    >>> Hinge()([[-1], [1]], [[-2.0], [0.25]])  # the mean of 0 and 0.75
    0.375
    """

    default_name = "hinge"
    function = staticmethod(losses.hinge)


class SquaredHinge(_OfFunction):
    """The mean of the squared shortfalls from a margin of 1, for labels -1 and 1, or 0 and 1.

    Examples
    --------
    >>> SquaredHinge()([[-1], [1]], [[-2.0], [0.5]])  # (0² + 0.5²) / 2
    0.125
    """

    default_name = "squared_hinge"
    function = staticmethod(losses.squared_hinge)


class CategoricalHinge(_OfFunction):
    """How far the right class falls short of a margin of 1 above the best of the others, for one-hot labels.

    Examples
    --------
    >>> CategoricalHinge()([[0, 1], [0, 1]], [[0.5, 2.0], [0.5, 0.75]])  # the mean of 0 and 0.75
    0.375
    """

    default_name = "categorical_hinge"
    function = staticmethod(losses.categorical_hinge)
