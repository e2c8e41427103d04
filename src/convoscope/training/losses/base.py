"""What all losses share: a name, how a batch's loss is made of rows', and the rule by which engines compute it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convoscope.checks import text
from convoscope.engine.loss_rule import LossRule
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.tensors import tensor
from convoscope.training.numbers import Number
from convoscope.training.options import reject_unsupported
from convoscope.types import Shape

_ACCEPTED: dict[str, tuple[Any, ...]] = {"axis": (-1,), "dtype": (None, "float32")}
_REDUCTIONS = {
    "sum_over_batch_size": "mean",
    "mean": "mean",
    "auto": "mean",
    "sum": "sum",
    "none": "none",
    None: "none",
    "mean_with_sample_weight": "mean_with_sample_weight",
}


class Reduction:
    """The names of reductions, for code that writes ``losses.Reduction.SUM``.

    Examples
    --------
    >>> Reduction.SUM, Reduction.NONE
    ('sum', 'none')
    """

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"


class Loss:
    """The base of all losses.

    Parameters
    ----------
    reduction : str or None
        How the loss of a batch is made from those of its rows. ``"sum_over_batch_size"``, also called ``"mean"``: their
        mean. ``"sum"``: their sum. ``"mean_with_sample_weight"``: the weighted sum over the sum of the weights.
        ``"none"`` or None: a call of the loss returns all of them; training follows the gradient of their sum and
        reports their mean, as Keras does.
    name : str, optional
    **options
        Keras' ``axis``, ``dtype``, at their defaults only.

    Examples
    --------
    >>> from convoscope.training.losses import MeanSquaredError
    >>> y_true, y_pred = [[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [3.0, 3.0]]
    >>> MeanSquaredError()(y_true, y_pred), MeanSquaredError("sum")(y_true, y_pred)
    (5.0, 10.0)
    >>> MeanSquaredError(None)(y_true, y_pred)  # a loss for each row
    Tensor([1., 9.])
    """

    kind: ClassVar[str]
    function: ClassVar[Callable[..., npt.NDArray[np.float64]]]  # of true values, predictions and `settings`
    #: What the predictions have to be, which decides what is a mistake: ``"classes"``, ``"yes or no"``,
    #: ``"distribution"``, ``"counts"`` or ``"values"``.
    judges: ClassVar[str] = "values"

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = None, **options: Any) -> None:
        where = type(self).__name__
        if not hasattr(self, "kind"):
            raise ConfigurationError(
                f"{where}: custom losses are not supported in training, because the engines compute gradients only "
                "for built-in losses. Choose one of convoscope.losses; your own function can be a metric."
            )
        reject_unsupported(options, _ACCEPTED, type(self))
        if not (reduction is None or isinstance(reduction, str)) or reduction not in _REDUCTIONS:
            known = ", ".join(map(repr, _REDUCTIONS))
            raise ConfigurationError(f"{where}: reduction must be one of {known}, but is {reduction!r}.")
        self.reduction = reduction
        self.name = self.kind if name is None else text(name, "name", where)

    @property
    def settings(self) -> dict[str, Any]:
        """What the loss's function takes besides true values and predictions."""
        return {}

    def rule(self) -> LossRule:
        """Return the loss as an engine computes it."""
        return LossRule(self.kind, reduction=_REDUCTIONS[self.reduction])

    def settled(self, labels: Shape, outputs: Shape) -> Loss:
        """Return the loss for labels of that shape, (N, ...), and outputs of that shape, without the batch axis."""
        return self

    def engine_targets(self, targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return targets, checked, as the engine's formula takes them."""
        return targets

    def rows(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the loss of each row of the predictions, a row being the last axis.

        Examples
        --------
        >>> from convoscope.training.losses import MeanSquaredError
        >>> MeanSquaredError().rows([[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [3.0, 3.0]]).tolist()
        [1.0, 9.0]
        """
        return type(self).function(y_true, y_pred, **self.settings)

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """Return the loss of a batch: with the default reduction the sum of weight × loss over the number of rows.

        Parameters
        ----------
        y_true : array
            Class numbers (N,) for a sparse loss, else shaped as the predictions.
        y_pred : array of shape (N, outputs)
        sample_weight : array of shape (N,), or that of the rows, optional

        Returns
        -------
        float, or an array with the loss of each row where the reduction is ``"none"``
        """
        values = np.asarray(self.rows(y_true, y_pred))
        weights = None if sample_weight is None else self._weights(sample_weight, values)
        counted = self._counted(y_true, values)
        weighted = values if weights is None else values * weights
        reduction = _REDUCTIONS[self.reduction]
        if reduction == "none":
            return tensor(weighted)
        if reduction == "sum":
            return Number(weighted.sum())
        if reduction == "mean_with_sample_weight" and weights is not None:
            counted = counted * weights
        divisor = float(counted.sum())
        return Number(weighted.sum() / divisor if divisor else 0.0)

    def _counted(self, y_true: npt.ArrayLike, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return 1 for each row that is counted, 0 for others."""
        return np.ones(values.shape)

    def _weights(self, given: npt.ArrayLike, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        weights = np.asarray(given, np.float64)
        if weights.shape == (*values.shape, 1) or (weights.shape[1:] == (1,) and values.ndim == 1):
            weights = weights[..., 0]
        if weights.ndim == 0 or weights.shape == values.shape:
            return np.broadcast_to(weights, values.shape)
        if weights.reshape(-1).shape != values.shape[:1] or weights.shape[:1] != values.shape[:1]:
            raise ShapeError(
                f"{type(self).__name__}: sample_weight must have the shape {values.shape[:1]}, one weight for each "
                f"sample, but has {weights.shape}."
            )
        return np.broadcast_to(weights.reshape(-1, *[1] * (values.ndim - 1)), values.shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain JSON values.

        Examples
        --------
        >>> from convoscope.training.losses import Huber
        >>> Huber(delta=2.0).get_config()["delta"]
        2.0
        """
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Make a loss from what `get_config` returned.

        Examples
        --------
        >>> from convoscope.training.losses import Huber
        >>> Huber.from_config(Huber(delta=2.0).get_config())
        Huber(delta=2.0)
        """
        return cls(**config)

    def __repr__(self) -> str:
        settings = {k: v for k, v in self.get_config().items() if k not in ("name", "reduction")}
        if _REDUCTIONS[self.reduction] != "mean":
            settings["reduction"] = self.reduction
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"
