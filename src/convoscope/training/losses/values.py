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
    """The mean of absolute differences.

    Examples
    --------
    >>> MeanAbsoluteError()([[0.0, 1.0]], [[0.0, 0.5]])
    0.25
    """

    kind = "mean_absolute_error"
    function = staticmethod(functions.mean_absolute_error)


class MeanAbsolutePercentageError(Loss):
    """The mean of differences in percent of the true values.

    Examples
    --------
    >>> MeanAbsolutePercentageError()([[10.0, 50.0]], [[9.0, 60.0]])  # 10 % and 20 %
    15.0
    """

    kind = "mean_absolute_percentage_error"
    function = staticmethod(functions.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(Loss):
    """The mean of squared differences of log(1 + value), for values that are not negative.

    Examples
    --------
    >>> round(MeanSquaredLogarithmicError()([[0.0, 3.0]], [[1.0, 3.0]]), 4)  # log(2)² / 2
    0.2402
    """

    kind = "mean_squared_logarithmic_error"
    function = staticmethod(functions.mean_squared_logarithmic_error)


class Huber(Loss):
    """The mean of half the squared differences, linear where they are large, so that outliers do not dominate.

    Parameters
    ----------
    delta : float
        The difference at which squares change to absolute values.
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
    """The mean of the logarithms of the differences' hyperbolic cosines: half the square near 0, linear far from it.

    Examples
    --------
    >>> round(LogCosh()([[0.0]], [[0.1]]), 4), round(LogCosh()([[0.0]], [[10.0]]), 4)
    (0.005, 9.3069)
    """

    kind = "log_cosh"
    function = staticmethod(functions.log_cosh)


class Poisson(Loss):
    """The mean of prediction - true value × log(prediction), for counts. Predictions must be above 0.

    Examples
    --------
    >>> round(Poisson()([[2.0]], [[2.0]]), 4), round(Poisson()([[2.0]], [[4.0]]), 4)  # the least at the count itself
    (0.6137, 1.2274)
    """

    kind = "poisson"
    function = staticmethod(functions.poisson)
    judges = "counts"


class KLDivergence(Loss):
    """The divergence of the predicted distribution of each row from the true one (Kullback and Leibler).

    Examples
    --------
    >>> KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]), round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    (0.0, 0.1438)
    """

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
    """The mean of how far predictions fall short of a margin of 1, for labels -1 and 1.

    Labels that are all 0 or 1 are read as -1 and 1. (Keras decides that batch by batch; in training it is decided
    here for all samples, which is the same unless 0 stands among other labels.)

    Examples
    --------
    >>> Hinge()([-1.0, 1.0], [-2.0, 0.25]), Hinge()([0.0, 1.0], [-2.0, 0.25])
    (0.375, 0.375)
    """

    kind = "hinge"
    function = staticmethod(functions.hinge)

    def engine_targets(self, targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return functions.signs(targets).astype(np.float32)


class SquaredHinge(Hinge):
    """The mean of the squared shortfalls from a margin of 1. Labels as for `Hinge`.

    Examples
    --------
    >>> SquaredHinge()([-1.0, 1.0], [-2.0, 0.5])  # (0² + 0.5²) / 2
    0.125
    """

    kind = "squared_hinge"
    function = staticmethod(functions.squared_hinge)


class CategoricalHinge(Loss):
    """How far the right class falls short of a margin of 1 above the best of the others, for one-hot labels.

    Examples
    --------
    >>> CategoricalHinge()([[0.0, 1.0], [0.0, 1.0]], [[0.5, 2.0], [0.5, 0.75]])  # 0 and 1 - 0.25
    0.375
    """

    kind = "categorical_hinge"
    function = staticmethod(functions.categorical_hinge)
