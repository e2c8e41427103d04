"""Penalties that keep weights small, under Keras' names and with Keras' formulas.

A regularizer is a small frozen object that a layer is given for one of its weights: ``Dense(10,
kernel_regularizer="l2")``. Training adds its penalty to the loss of every batch, and so its gradient to that of the
weight, before gradients are clipped. The loss that `fit` and `evaluate` report includes all penalties, as in Keras;
``model.losses`` lists them. A frozen layer has no penalty.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import LARGEST_NUMBER, known_object, real
from convoscope.errors import ConfigurationError, ShapeError, unknown_name
from convoscope.types import Shape

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
    """The base of all regularizers: l1 × the sum of magnitudes + l2 × the sum of squares, unless a class overrides it.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> layer = Dense(1, kernel_initializer="ones", kernel_regularizer=L2(0.01), input_shape=(3,))
    >>> layer.kernel_regularizer([1.0, 1.0, 2.0])  # 0.01 × (1 + 1 + 4)
    0.06
    """

    #: The strengths of the two penalties; what a regularizer does not name, it does not have.
    l1: float = 0.0
    l2: float = 0.0

    @property
    def orthogonal(self) -> dict[str, Any] | None:
        """What engines are told of a penalty that takes the whole weight at once; None if it is not one."""
        return None

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            given = field.default if value is None else value  # as in Keras
            object.__setattr__(self, field.name, self._strength(field.name, given))

    def _strength(self, argument: str, value: Any) -> float:
        where = type(self).__name__
        number = real(value, argument, where, finite=False)
        if not 0.0 <= number <= LARGEST_NUMBER:
            raise ConfigurationError(
                f"{where}: {argument} must be a finite number of at least 0, but is {value!r}. It sets the strength "
                "of the penalty; usual values are 0.0001 to 0.01."
            )
        return number

    def check(self, shape: Shape, where: str) -> None:
        """Say so if a weight of that shape cannot be held by it. `where` begins the message."""

    def __call__(self, x: npt.ArrayLike) -> float:
        """Return the penalty of a weight."""
        values = np.asarray(x, np.float64)
        return self.l1 * float(np.abs(values).sum()) + self.l2 * float(np.square(values).sum())

    def gradient(self, x: Array) -> Array:
        """Return the penalty's gradient, shaped as the weight. That of a magnitude is 0 at 0.

        Examples
        --------
        >>> L1L2(l1=0.1, l2=0.1).gradient(np.array([1.0, -2.0])).round(4)  # 0.1 × sign + 0.2 × value
        array([ 0.3, -0.5])
        """
        gradient: Array = self.l1 * np.sign(x) + 2.0 * self.l2 * x
        return gradient

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain values.

        Examples
        --------
        >>> L1L2(l1=0.1, l2=0.2).get_config()
        {'l1': 0.1, 'l2': 0.2}
        """
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Make a regularizer from what `get_config` returned.

        Examples
        --------
        >>> L2.from_config({"l2": 0.5})
        L2(l2=0.5)
        """
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
    """The sum of both penalties. A strength that is left out is 0, so the bare name ``"l1_l2"`` does nothing, as in
    Keras.

    Examples
    --------
    >>> L1L2(l1=0.1, l2=0.1)([1.0, -2.0])
    0.8
    """

    l1: float = 0.0
    l2: float = 0.0


@dataclass(frozen=True)
class OrthogonalRegularizer(Regularizer):
    """A penalty on rows, or columns, that point the same way: the mean magnitude of the cosines between any two.

    For weights with two axes, such as a Dense layer's kernel, whose columns are its units.

    Parameters
    ----------
    factor : float
        The factor for that mean.
    mode : {"rows", "columns"}

    Examples
    --------
    >>> round(OrthogonalRegularizer(0.1)([[1.0, 0.0], [3.0, 4.0]]), 6)
    0.06
    """

    factor: float = 0.01
    mode: str = "rows"

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", self._strength("factor", 0.01 if self.factor is None else self.factor))
        if not isinstance(self.mode, str) or self.mode not in ("rows", "columns"):
            raise unknown_name("mode of OrthogonalRegularizer", self.mode, ["rows", "columns"])

    @property
    def orthogonal(self) -> dict[str, Any]:
        return {"factor": self.factor, "rows": self.mode == "rows"}

    def check(self, shape: Shape, where: str) -> None:
        if len(shape) != 2:
            raise ShapeError(
                f"{where}: OrthogonalRegularizer is for weights with two axes, as in Dense, but this one has the "
                f"shape {shape}. Use L1, L2 or L1L2, or a constraint such as kernel_constraint='unit_norm'."
            )

    def __call__(self, x: npt.ArrayLike) -> float:
        values = np.asarray(x, np.float64)
        self.check(values.shape, "OrthogonalRegularizer")
        _, units = self._units(values)
        cosines = np.abs(units @ units.T)
        return self._share(len(units)) * float(cosines.sum() - np.trace(cosines)) / 2

    def gradient(self, x: Array) -> Array:
        lengths, units = self._units(np.asarray(x, np.float64))
        signs = np.sign(units @ units.T)
        np.fill_diagonal(signs, 0.0)
        pull = self._share(len(units)) * signs @ units
        # Only what turns a row changes its direction; one without length has none.
        turning = pull - units * np.sum(pull * units, axis=1, keepdims=True)
        found = np.divide(turning, lengths, out=np.zeros_like(turning), where=lengths > 0)
        gradient: Array = np.asarray(found if self.mode == "rows" else found.T, x.dtype)
        return gradient

    def _units(self, values: Array) -> tuple[Array, Array]:
        """Return the length of each row (or column), and rows of length 1."""
        rows = values if self.mode == "rows" else values.T
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return lengths, rows / np.maximum(lengths, 1e-7)

    def _share(self, count: int) -> float:
        """Return what one pair counts."""
        return self.factor / max(1, count * (count - 1) // 2)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer  # Keras' other spelling

_KINDS: dict[str, type[Regularizer]] = {
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Regularizer | None:
    """Return the regularizer that a name, a serialized config, a class or a regularizer itself stands for.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    ConfigurationError
        If it is something else, such as a function or class of your own: the engines know the four above.

    Examples
    --------
    >>> get("l2"), get({"class_name": "L1", "config": {"l1": 0.5}}), get(None)
    (L2(l2=0.01), L1(l1=0.5), None)
    """
    return None if identifier is None else known_object(identifier, _KINDS, "regularizer")


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """Return the regularizer as plain JSON values that `get` takes.

    Examples
    --------
    >>> serialize(L2(0.01)), serialize(None)
    ({'class_name': 'L2', 'config': {'l2': 0.01}}, None)
    """
    if regularizer is None:
        return None
    return {"class_name": type(regularizer).__name__, "config": regularizer.get_config()}


def deserialize(config: dict[str, Any]) -> Regularizer | None:
    """Return the regularizer that `serialize` described.

    Examples
    --------
    >>> deserialize({"class_name": "L2", "config": {"l2": 0.01}})
    L2(l2=0.01)
    """
    return get(config)
