"""Arithmetic, element by element and of matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope import layers
from convoscope.keras.arrays.eager import Axis, axes_of, eager, of_numpy
from convoscope.layers.symbols import Symbol


def _joined(kind: str) -> Callable[..., Any]:
    def call(x: Any, y: Any, name: str | None = None) -> Any:
        if isinstance(x, Symbol) and isinstance(y, Symbol):
            return getattr(layers, kind)(name=name)([x, y])
        return {"Add": lambda: x + y, "Subtract": lambda: x - y, "Multiply": lambda: x * y}[kind]()

    return call


@eager(_joined("Add"))
def add(x: Any, y: Any, name: str | None = None) -> Any:
    """Return the sum of two arrays."""
    return np.add(x, y)


@eager(_joined("Subtract"))
def subtract(x: Any, y: Any, name: str | None = None) -> Any:
    """Return the difference of two arrays."""
    return np.subtract(x, y)


@eager(_joined("Multiply"))
def multiply(x: Any, y: Any, name: str | None = None) -> Any:
    """Return the product of two arrays, element by element."""
    return np.multiply(x, y)


@eager(lambda x, y: x / y)
def divide(x: Any, y: Any) -> Any:
    """Return the quotient of two arrays."""
    return np.divide(x, y)


@eager(lambda x: x * x)
def square(x: Any) -> Any:
    """Return the squares."""
    return np.square(x)


@eager(lambda values: layers.Add()(list(values)))
def add_n(values: Sequence[Any]) -> Any:
    """Return the sum of a list of arrays."""
    return np.sum([np.asarray(each) for each in values], axis=0)


@eager(lambda x, y: layers.Maximum()([x, y]))
def maximum(x: Any, y: Any) -> Any:
    """Return the larger of two values at each index."""
    return np.maximum(x, y)


@eager(lambda x, y: layers.Minimum()([x, y]))
def minimum(x: Any, y: Any) -> Any:
    """Return the smaller of two values at each index."""
    return np.minimum(x, y)


@eager()
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Return the values kept within bounds."""
    return np.clip(x, x_min, x_max)


@eager()
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the norm."""
    kind: Any = None if ord == "euclidean" else ord
    return np.linalg.norm(x, kind, axes_of(axis), keepdims)


@eager(lambda x, axis=-1: layers.UnitNormalization(axis=axis)(x))
def l2_normalize(x: Any, axis: Axis = None, epsilon: float = 1e-12) -> Any:
    """Return the values divided by their norm along an axis."""
    values = np.asarray(x)
    return values / np.sqrt(np.maximum(np.sum(np.square(values), axes_of(axis), keepdims=True), epsilon))


@eager()
def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, name: str | None = None) -> Any:
    """Return the product of matrices; of either, its last two axes may be exchanged first."""
    left, right = np.asarray(a), np.asarray(b)
    return np.matmul(left.swapaxes(-1, -2) if transpose_a else left, right.swapaxes(-1, -2) if transpose_b else right)


@eager()
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Return the tensor product along axes."""
    return np.tensordot(a, b, axes)


abs = of_numpy("abs")
sqrt = of_numpy("sqrt")
exp = of_numpy("exp")
log = of_numpy("log")
log1p = of_numpy("log1p")
sin = of_numpy("sin")
cos = of_numpy("cos")
tan = of_numpy("tan")
floor = of_numpy("floor")
ceil = of_numpy("ceil")
sign = of_numpy("sign")
isnan = of_numpy("isnan")
isfinite = of_numpy("isfinite")
equal = of_numpy("equal")
not_equal = of_numpy("not_equal")
greater = of_numpy("greater")
greater_equal = of_numpy("greater_equal")
less = of_numpy("less")
less_equal = of_numpy("less_equal")
logical_and = of_numpy("logical_and")
logical_or = of_numpy("logical_or")
logical_not = of_numpy("logical_not")
power = of_numpy("power")
reciprocal = of_numpy("reciprocal")
negative = of_numpy("negative")
mod = of_numpy("mod")
cumsum = of_numpy("cumsum")

#: Those of them that go by the same name in TensorFlow.
ELEMENT_BY_ELEMENT = (
    "abs",
    "sqrt",
    "exp",
    "log",
    "log1p",
    "sin",
    "cos",
    "tan",
    "floor",
    "ceil",
    "sign",
    "isnan",
    "isfinite",
    "equal",
    "not_equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "logical_not",
    "reciprocal",
    "negative",
    "mod",
    "cumsum",
)


@eager()
def round(x: Any) -> Any:
    """Return the nearest whole numbers, halves to even."""
    return np.rint(x)
