"""Penalties that keep weights small, under Keras' names and with Keras' formulas.

A regularizer is a small frozen object that a layer is given for one of its weights: ``Dense(10,
kernel_regularizer="l2")``. Training adds its penalty to the loss of every batch, and so its gradient to the weight's,
before gradients are clipped. The loss that `fit` and `evaluate` report has all penalties in it, as in Keras;
``model.losses`` shows them one by one. A frozen layer has no penalty.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from convoscope.checks import LARGEST_NUMBER, known_object, real
from convoscope.errors import ConfigurationError

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

Array = npt.NDArray[Any]


class Regularizer:
    """The base of all regularizers: l1 × the sum of magnitudes + l2 × the sum of squares."""

    #: The strengths of the two penalties; what a regularizer does not name, it does not have.
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        where = type(self).__name__
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            number = real(field.default if value is None else value, field.name, where, finite=False)  # as in Keras
            if not 0.0 <= number <= LARGEST_NUMBER:
                raise ConfigurationError(
                    f"{where}: {field.name} must be a finite number from 0 up, but is {value!r}. It is how strongly "
                    "weights are pulled towards 0; 0.0001 to 0.01 are usual."
                )
            object.__setattr__(self, field.name, number)

    def __call__(self, x: npt.ArrayLike) -> float:
        """Return the penalty of a weight."""
        values = np.asarray(x, np.float64)
        return self.l1 * float(np.abs(values).sum()) + self.l2 * float(np.square(values).sum())

    def gradient(self, x: Array) -> Array:
        """Return the penalty's gradient, shaped as the weight. That of a magnitude is 0 at 0."""
        gradient: Array = self.l1 * np.sign(x) + 2.0 * self.l2 * x
        return gradient

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Make a regularizer from what `get_config` returned."""
        return cls(**config)


@dataclass(frozen=True)
class L1(Regularizer):
    """l1 × the sum of the weights' magnitudes: weights that help little become 0 (nearly, as steps are finite).

    Examples
    --------
    >>> L1(0.1)([1.0, -2.0])
    0.30000000000000004
    """

    l1: float = 0.01


@dataclass(frozen=True)
class L2(Regularizer):
    """l2 × the sum of the weights' squares: large weights are pulled hardest, and none becomes exactly 0.

    With plain SGD this shrinks weights by rate × 2 l2 × weight at each step. With Adam it does not, as Adam divides
    gradients by their size: `AdamW` is for that.

    Examples
    --------
    >>> L2(0.1)([1.0, -2.0])
    0.5
    """

    l2: float = 0.01


@dataclass(frozen=True)
class L1L2(Regularizer):
    """Both penalties added up. Left out, a strength is 0, so that ``"l1_l2"`` as a bare name does nothing, as in Keras.

    Examples
    --------
    >>> L1L2(l1=0.1, l2=0.1)([1.0, -2.0])
    0.8
    """

    l1: float = 0.0
    l2: float = 0.0


def OrthogonalRegularizer(*args: Any, **options: Any) -> NoReturn:  # noqa: N802 - Keras' name
    """Keras' penalty of rows or columns that are alike. It is not computed here: the call says so."""
    raise ConfigurationError(
        "OrthogonalRegularizer is not supported: L1, L2 and L1L2 are. What bounds a weight's rows or columns without a "
        "penalty is a constraint, such as kernel_constraint='unit_norm'."
    )


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer  # Keras' other spelling

_KINDS: dict[str, type[Regularizer]] = {"L1": L1, "L2": L2, "L1L2": L1L2}


def get(identifier: Any) -> Regularizer | None:
    """Return the regularizer that a name, a serialized config, a class or a regularizer itself stands for.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    ConfigurationError
        If it is something else, such as a function or class of your own: the engines know the three above.

    Examples
    --------
    >>> get("l2"), get({"class_name": "L1", "config": {"l1": 0.5}}), get(None)
    (L2(l2=0.01), L1(l1=0.5), None)
    """
    name = identifier.get("class_name") if isinstance(identifier, dict) else identifier
    if identifier is OrthogonalRegularizer or str(name).replace("_", "").lower() == "orthogonalregularizer":
        OrthogonalRegularizer()
    return None if identifier is None else known_object(identifier, _KINDS, "regularizer")


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """Return the regularizer as plain JSON values that `get` takes."""
    if regularizer is None:
        return None
    return {"class_name": type(regularizer).__name__, "config": regularizer.get_config()}


def deserialize(config: dict[str, Any]) -> Regularizer | None:
    """Return the regularizer that `serialize` described."""
    return get(config)
