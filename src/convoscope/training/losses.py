"""Losses under Keras' names, with Keras' arguments and defaults.

A loss is a small object: its settings, the rule by which an engine computes it, and, called with true values and
predictions, its value in double precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, fraction, text
from convoscope.engine.base import LossRule
from convoscope.errors import ConfigurationError, ShapeError, unknown_name
from convoscope.training import functional
from convoscope.training.functional import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from convoscope.training.options import reject_unsupported

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
]

_ACCEPTED: dict[str, tuple[Any, ...]] = {
    "reduction": ("sum_over_batch_size", "mean", "auto"),
    "axis": (-1,),
    "dtype": (None, "float32"),
    "ignore_class": (None,),
}


class Loss:
    """The base of all losses.

    Parameters
    ----------
    name : str, optional
    **options
        Keras' ``reduction``, ``axis``, ``dtype``, ``ignore_class``, at their defaults only.
    """

    kind: ClassVar[str]

    def __init__(self, *, name: str | None = None, **options: Any) -> None:
        reject_unsupported(options, _ACCEPTED, type(self))
        self.name = self.kind if name is None else text(name, "name", type(self).__name__)

    def rule(self) -> LossRule:
        """Return the loss as an engine computes it."""
        return LossRule(self.kind)

    def rows(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the loss of each row of the predictions, a row being the last axis."""
        raise NotImplementedError

    def __call__(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> float:
        """Return the mean loss: the sum of sample weight × loss over the number of samples, as in Keras.

        Parameters
        ----------
        y_true : array
            Class numbers (N,) for a sparse loss, else shaped as the predictions.
        y_pred : array of shape (N, outputs)
        sample_weight : array of shape (N,), optional
        """
        values = self.rows(y_true, y_pred)
        if sample_weight is not None:
            weights = np.asarray(sample_weight, np.float64)
            if weights.shape != values.shape[:1]:
                raise ShapeError(
                    f"{type(self).__name__}: sample_weight must have the shape {values.shape[:1]}, one weight for each "
                    f"sample, but has {weights.shape}."
                )
            values = values * weights.reshape(-1, *[1] * (values.ndim - 1))
        return float(values.mean())

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain JSON values."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Make a loss from what `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        settings = {k: v for k, v in self.get_config().items() if k != "name"}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"


class _Crossentropy(Loss):
    """What the cross-entropies share: logits or probabilities, and label smoothing."""

    function: ClassVar[Callable[..., npt.NDArray[np.float64]]]

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.from_logits = flag(from_logits, "from_logits", type(self).__name__)
        self.label_smoothing = fraction(label_smoothing, "label_smoothing", type(self).__name__)

    def rule(self) -> LossRule:
        return LossRule(self.kind, self.from_logits, self.label_smoothing)

    def rows(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return type(self).function(y_true, y_pred, self.from_logits, self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "from_logits": self.from_logits, "label_smoothing": self.label_smoothing}


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy for labels that are class numbers.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, before softmax.
    label_smoothing : float
        The share of each label that is spread over all classes, below 1. (Keras has it for one-hot labels only.)
    **options
        ``name``: see `Loss`.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]), 4)
    1.1769
    """

    kind = "sparse_categorical_crossentropy"
    function = staticmethod(functional.sparse_categorical_crossentropy)


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy for one-hot labels, or shares of classes. Arguments as `SparseCategoricalCrossentropy`."""

    kind = "categorical_crossentropy"
    function = staticmethod(functional.categorical_crossentropy)


class BinaryCrossentropy(_Crossentropy):
    """Cross-entropy for yes-or-no labels, of one sigmoid unit or several.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, before the sigmoid.
    label_smoothing : float
        Labels are squeezed towards 0.5 by this share.
    **options
        ``name``: see `Loss`.
    """

    kind = "binary_crossentropy"
    function = staticmethod(functional.binary_crossentropy)


class MeanSquaredError(Loss):
    """The mean of squared differences.

    Examples
    --------
    >>> MeanSquaredError()([[0.0, 1.0]], [[0.0, 0.5]])
    0.125
    """

    kind = "mean_squared_error"

    def rows(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return functional.mean_squared_error(y_true, y_pred)


_KINDS: dict[str, type[Loss]] = {
    kind.kind: kind
    for kind in (SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy, MeanSquaredError)
}
_SYNONYMS = {"mse": "mean_squared_error", "bce": "binary_crossentropy"} | {
    kind.__name__.lower(): name for name, kind in _KINDS.items()
}
_FUNCTIONS: dict[Callable[..., Any], str] = {getattr(functional, name): name for name in _KINDS}


def get(identifier: str | dict[str, Any] | Loss | type[Loss] | Callable[..., Any]) -> Loss:
    """Return the loss that a name, a description, a class, one of this module's functions or a loss stands for.

    Examples
    --------
    >>> get("mse"), get(SparseCategoricalCrossentropy(from_logits=True))
    (MeanSquaredError(), SparseCategoricalCrossentropy(from_logits=True, label_smoothing=0.0))
    """
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier):
        if identifier in _FUNCTIONS:
            return _KINDS[_FUNCTIONS[identifier]]()
        raise ConfigurationError(
            f"{getattr(identifier, '__name__', identifier)!r} is no loss that can be trained with: engines compute the "
            f"losses {', '.join(_KINDS)}. Your own functions are not differentiated."
        )
    name = str(identifier).lower()
    name = _SYNONYMS.get(name, name)
    if name not in _KINDS:
        raise unknown_name("loss", identifier, _KINDS)
    return _KINDS[name]()


def serialize(loss: Loss) -> dict[str, Any]:
    """Return the loss's kind and settings as plain JSON values."""
    return {"class_name": type(loss).__name__, "config": loss.get_config()}


def deserialize(description: dict[str, Any]) -> Loss:
    """Make a loss from what `serialize` returned."""
    by_class = {kind.__name__: kind for kind in _KINDS.values()}
    name = description.get("class_name")
    if name not in by_class:
        raise unknown_name("loss", name, by_class)
    return by_class[name].from_config(description.get("config", {}))
