"""Bounds on weights, under Keras' names and with Keras' formulas.

A constraint is a small frozen object that a layer is given for one of its weights: ``Conv2D(8, 3,
kernel_constraint=MaxNorm(2, axis=[0, 1, 2]))``. Training applies it after each of the optimizer's steps, and only to
weights that learn.

Norms are taken along `axis` of the weight: 0 gives each unit of a Dense kernel (inputs, units) a norm, ``[0, 1, 2]``
each filter of a convolution's kernel (height, width, channels, filters). The default, 0, is Keras'; for a convolution
it bounds columns of pixels, which is rarely intended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import LARGEST_NUMBER, LARGEST_SIZE, integer, known_object, real
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.types import Shape

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

Array = npt.NDArray[Any]
_EPSILON = 1e-7  # Keras' fuzz: nothing is divided by zero


class Constraint:
    """The base of all constraints: what a layer's weight must satisfy after every training step.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> layer = Dense(1, kernel_constraint="non_neg")
    >>> layer.kernel_constraint([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """

    def __call__(self, w: npt.ArrayLike) -> Array:
        """Return the weight as it is to be after a step, in its own precision."""
        raise NotImplementedError

    def check(self, shape: Shape, where: str) -> None:
        """Raise an error if the constraint does not fit a weight of that shape. `where` begins the message."""

    def description(self, shape: Shape) -> dict[str, Any]:
        """Return what the native core is told, for a weight of that shape."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain values.

        Examples
        --------
        >>> MaxNorm(2.0).get_config()
        {'max_value': 2.0, 'axis': 0}
        """
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Make a constraint from what `get_config` returned.

        Examples
        --------
        >>> MaxNorm.from_config({"max_value": 2.0})
        MaxNorm(max_value=2.0, axis=0)
        """
        return cls(**config)


@dataclass(frozen=True)
class NonNeg(Constraint):
    """No weight is below 0: negative ones become 0.

    Examples
    --------
    >>> NonNeg()([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """

    def __call__(self, w: npt.ArrayLike) -> Array:
        values = _floats(w)
        held: Array = np.maximum(values, values.dtype.type(0))
        return held

    def description(self, shape: Shape) -> dict[str, Any]:
        return {"kind": "non_negative"}


class _NormConstraint(Constraint):
    """Weights are scaled so that their norms along `axis` lie in bounds."""

    axis: int | Sequence[int] | None

    def __post_init__(self) -> None:
        where = type(self).__name__
        for field in fields(self):  # type: ignore[arg-type]
            if field.name != "axis":
                object.__setattr__(self, field.name, _length(getattr(self, field.name), field.name, where))
        object.__setattr__(self, "axis", _axes(self.axis, where))

    @property
    def bounds(self) -> tuple[float, float, float]:
        """The least and the largest norm, and which share of the way there one step goes."""
        raise NotImplementedError

    def axes_of(self, shape: Shape, where: str) -> tuple[int, ...]:
        """Return the axes of a weight of that shape, counted from 0, or say which it does not have."""
        rank = len(shape)
        if self.axis is None:
            return tuple(range(rank))
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        axes = tuple(axis % rank for axis in given if -rank <= axis < rank)
        if len(axes) < len(given) or len(set(axes)) < len(axes):
            usual = f"axis={list(range(rank - 1)) if rank > 2 else 0} computes a norm for each unit or filter."
            raise ShapeError(
                f"{where}: {self!r} does not fit a weight of shape {shape}. Its axes are 0 to {rank - 1}, and each "
                f"can be given only once; {usual}"
            )
        return axes

    def check(self, shape: Shape, where: str) -> None:
        self.axes_of(shape, where)

    def __call__(self, w: npt.ArrayLike) -> Array:
        values = _floats(w)
        axes = self.axes_of(values.shape, type(self).__name__)
        norms = np.sqrt(np.square(values, dtype=np.float64).sum(axis=axes, keepdims=True))
        low, high, rate = self.bounds
        wanted = rate * np.clip(norms, low, high) + (1.0 - rate) * norms
        held: Array = values * (wanted / (_EPSILON + norms)).astype(values.dtype)
        return held

    def description(self, shape: Shape) -> dict[str, Any]:
        low, high, rate = self.bounds
        axes = list(self.axes_of(shape, type(self).__name__))
        return {"kind": "norm", "low": low, "high": high, "rate": rate, "axes": axes}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis}


@dataclass(frozen=True)
class MaxNorm(_NormConstraint):
    """No norm along `axis` is above `max_value`: longer vectors are scaled down to it.

    Parameters
    ----------
    max_value : float
    axis : int, list of int or None
        The axes of the weight that norms are taken along; None for all of them.

    Examples
    --------
    >>> MaxNorm(2.0)([[3.0, 0.0], [4.0, 1.0]]).round(4)
    array([[1.2, 0. ],
           [1.6, 1. ]], dtype=float32)
    """

    max_value: float = 2.0
    axis: int | Sequence[int] | None = 0

    @property
    def bounds(self) -> tuple[float, float, float]:
        return 0.0, self.max_value, 1.0


@dataclass(frozen=True)
class UnitNorm(_NormConstraint):
    """Every norm along `axis` is 1.

    Parameters
    ----------
    axis : int, list of int or None
        See `MaxNorm`.

    Examples
    --------
    >>> UnitNorm()([3.0, 4.0]).round(4)
    array([0.6, 0.8], dtype=float32)
    """

    axis: int | Sequence[int] | None = 0

    @property
    def bounds(self) -> tuple[float, float, float]:
        return 1.0, 1.0, 1.0


@dataclass(frozen=True)
class MinMaxNorm(_NormConstraint):
    """Every norm along `axis` is kept between two bounds.

    Parameters
    ----------
    min_value, max_value : float
    rate : float
        The share of the way to its bound that a norm moves at each step, from 0 to 1.
    axis : int, list of int or None
        See `MaxNorm`.

    Examples
    --------
    >>> MinMaxNorm(1.0, 2.0, rate=0.5)([6.0, 8.0]).round(4)
    array([3.6, 4.8], dtype=float32)
    """

    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0
    axis: int | Sequence[int] | None = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_value > self.max_value:
            raise ConfigurationError(
                f"MinMaxNorm: min_value {self.min_value!r} must be at most max_value {self.max_value!r}."
            )
        if self.rate > 1.0:
            raise ConfigurationError(f"MinMaxNorm: rate must be from 0 to 1, but is {self.rate!r}.")

    @property
    def bounds(self) -> tuple[float, float, float]:
        return self.min_value, self.max_value, self.rate


max_norm, unit_norm, non_neg, min_max_norm = MaxNorm, UnitNorm, NonNeg, MinMaxNorm  # Keras' other spelling

_KINDS: dict[str, type[Constraint]] = {
    "MaxNorm": MaxNorm,
    "UnitNorm": UnitNorm,
    "NonNeg": NonNeg,
    "MinMaxNorm": MinMaxNorm,
}


def get(identifier: Any) -> Constraint | None:
    """Return the constraint that a name, a serialized config, a class or a constraint itself stands for.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    ConfigurationError
        If it is something else, such as a function or class of your own: the engines know the four above.

    Examples
    --------
    >>> get("max_norm"), get({"class_name": "UnitNorm", "config": {"axis": [0, 1, 2]}}), get(None)
    (MaxNorm(max_value=2.0, axis=0), UnitNorm(axis=(0, 1, 2)), None)
    """
    return None if identifier is None else known_object(identifier, _KINDS, "constraint")


def serialize(constraint: Constraint | None) -> dict[str, Any] | None:
    """Return the constraint as plain JSON values that `get` takes.

    Examples
    --------
    >>> serialize(MaxNorm(2.0)), serialize(None)
    ({'class_name': 'MaxNorm', 'config': {'max_value': 2.0, 'axis': 0}}, None)
    """
    if constraint is None:
        return None
    return {"class_name": type(constraint).__name__, "config": constraint.get_config()}


def deserialize(config: dict[str, Any]) -> Constraint | None:
    """Return the constraint that `serialize` described.

    Examples
    --------
    >>> deserialize({"class_name": "MaxNorm", "config": {"max_value": 2.0}})
    MaxNorm(max_value=2.0, axis=0)
    """
    return get(config)


def _floats(w: npt.ArrayLike) -> Array:
    values = np.asarray(w)
    return values if isinstance(w, np.ndarray) and values.dtype.kind == "f" else values.astype(np.float32)


def _length(value: Any, argument: str, where: str) -> float:
    number = real(value, argument, where, finite=False)
    if not 0.0 <= number <= LARGEST_NUMBER:
        raise ConfigurationError(f"{where}: {argument} must be a finite number of at least 0, but is {value!r}.")
    return number


def _axes(axis: Any, where: str) -> int | tuple[int, ...] | None:
    """Return the axis as an int, several as a tuple, None as it is."""
    if axis is None:
        return None
    if isinstance(axis, Iterable) and not isinstance(axis, (str, bytes)) and getattr(axis, "ndim", True):
        axes = tuple(_axis(each, where) for each in axis)
        if not axes:
            raise ConfigurationError(f"{where}: axis must name at least one axis, as in axis=0, but is {axis!r}.")
        return axes
    return _axis(axis, where)


def _axis(axis: Any, where: str) -> int:
    return integer(axis, "axis", where, minimum=-LARGEST_SIZE, maximum=LARGEST_SIZE)
