"""Losses of values, distributions, directions and margins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import real
from convoscope.engine.loss_rule import LossRule
from convoscope.training.losses import functions
from convoscope.training.losses.base import Loss


class MeanSquaredError(Loss):
    """The mean of squared differences.

    Examples
    --------
    >>> MeanSquaredError()([[0.0, 1.0]], [[0.0, 0.5]])
    0.125
    """

    kind = "mean_squared_error"
    function = staticmethod(functions.mean_squared_error)


class MeanAbsoluteError(Loss):
    """The mean of absolute differences."""

    kind = "mean_absolute_error"
    function = staticmethod(functions.mean_absolute_error)


class MeanAbsolutePercentageError(Loss):
    """The mean of differences in percent of the true values."""

    kind = "mean_absolute_percentage_error"
    function = staticmethod(functions.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(Loss):
    """The mean of squared differences of log(1 + value), for values above 0."""

    kind = "mean_squared_logarithmic_error"
    function = staticmethod(functions.mean_squared_logarithmic_error)


class Huber(Loss):
    """The mean of half the squared differences, linear where they are large: outliers do not rule.

    Parameters
    ----------
    delta : float
        Where squares go over to absolute values.
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> Huber()([[0.0, 0.0]], [[0.5, 3.0]])  # (0.5 * 0.5**2 + 3 - 0.5) / 2
    1.3125
    """

    kind = "huber"
    function = staticmethod(functions.huber)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        **options: Any,
    ) -> None:
        super().__init__(reduction, name, **options)
        self.delta = real(delta, "delta", type(self).__name__)

    @property
    def settings(self) -> dict[str, Any]:
        return {"delta": self.delta}

    def rule(self) -> LossRule:
        return replace(super().rule(), delta=self.delta)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.settings}


class LogCosh(Loss):
    """The mean of the logarithms of the differences' hyperbolic cosines: squares near 0, absolute values far off."""

    kind = "log_cosh"
    function = staticmethod(functions.log_cosh)


class Poisson(Loss):
    """The mean of prediction - true value × log(prediction), for counts. Predictions must be above 0."""

    kind = "poisson"
    function = staticmethod(functions.poisson)
    judges = "counts"


class KLDivergence(Loss):
    """How far the predicted distribution of each row is from the true one (Kullback and Leibler)."""

    kind = "kl_divergence"
    function = staticmethod(functions.kl_divergence)
    judges = "distribution"


class CosineSimilarity(Loss):
    """The negative cosine of the angle between each row and its true value.

    Parameters
    ----------
    axis, reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(CosineSimilarity()([[1.0, 0.0]], [[1.0, 1.0]]), 4)
    -0.7071
    """

    kind = "cosine_similarity"
    function = staticmethod(functions.cosine_similarity)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(reduction, name, axis=axis, **options)


class Hinge(Loss):
    """The mean of what is missing to a margin of 1, for labels -1 and 1.

    Labels that are all 0 or 1 are taken for -1 and 1. (Keras decides that batch by batch; in training it is decided
    here for all samples, which is the same unless 0 stands among other labels.)
    """

    kind = "hinge"
    function = staticmethod(functions.hinge)

    def engine_targets(self, targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return functions.signs(targets).astype(np.float32)


class SquaredHinge(Hinge):
    """The mean of the squares of what is missing to a margin of 1. Labels as for `Hinge`."""

    kind = "squared_hinge"
    function = staticmethod(functions.squared_hinge)


class CategoricalHinge(Loss):
    """What is missing to a margin of 1 between the right class and the best of the others, for one-hot labels."""

    kind = "categorical_hinge"
    function = staticmethod(functions.categorical_hinge)
