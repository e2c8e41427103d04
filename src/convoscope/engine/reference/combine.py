"""Several values made into one: combined index by index, or put side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from convoscope.engine.reference.activation import activate
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import CombineStep, ConcatenateStep


def combine(step: CombineStep, inputs: Sequence[Array], weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Combine values at the same index, axes of length 1 stretched, and apply the activation."""
    rank = len(step.output_shape)
    aligned = [x.reshape(len(x), *[1] * (rank - x.ndim + 1), *x.shape[1:]) for x in inputs]
    values, slopes = _MODES[step.mode](aligned)
    outputs, back_to_values = activate(step.activation, values)

    def backward(gradient: Array) -> tuple[tuple[Array, ...], list[Array | None]]:
        gradient = back_to_values(gradient)
        parts = [_summed(gradient * slope, x) for slope, x in zip(slopes, aligned, strict=True)]
        return tuple(part.reshape(x.shape) for part, x in zip(parts, inputs, strict=True)), []

    return outputs, backward


def concatenate(
    step: ConcatenateStep, inputs: Sequence[Array], weights: Sequence[Array], mode: Mode
) -> tuple[Array, Backward]:
    """Put values side by side."""
    axis = step.axis + 1
    ends = np.cumsum([x.shape[axis] for x in inputs])[:-1]
    return np.concatenate(inputs, axis), lambda gradient: (tuple(np.split(gradient, ends, axis)), [])


# What is made of several values, and its derivative by each of them.
_Combined = tuple[Array, Sequence[Array | float]]


def _add(x: Sequence[Array]) -> _Combined:
    return _over(np.add, x), [1.0] * len(x)


def _subtract(x: Sequence[Array]) -> _Combined:
    return x[0] - x[1], [1.0, -1.0]


def _average(x: Sequence[Array]) -> _Combined:
    return _over(np.add, x) / x[0].dtype.type(len(x)), [1.0 / len(x)] * len(x)


def _multiply(x: Sequence[Array]) -> _Combined:
    others = [[*x[:n], *x[n + 1 :]] for n in range(len(x))]
    return _over(np.multiply, x), [_over(np.multiply, each) for each in others]


def _divide(x: Sequence[Array]) -> _Combined:
    quotient = x[0] / x[1]
    return quotient, [1 / x[1], -quotient / x[1]]


def _extreme(largest: bool) -> Callable[[Sequence[Array]], _Combined]:
    """Return what takes the largest or smallest value; among equals the first one gets the gradient."""

    def take(x: Sequence[Array]) -> _Combined:
        stacked = np.stack(np.broadcast_arrays(*x))
        winner = stacked.argmax(axis=0) if largest else stacked.argmin(axis=0)
        value = stacked.max(axis=0) if largest else stacked.min(axis=0)
        return value, [(winner == n).astype(value.dtype) for n in range(len(x))]

    return take


_MODES: dict[str, Callable[[Sequence[Array]], _Combined]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "average": _average,
    "maximum": _extreme(True),
    "minimum": _extreme(False),
}


def _over(function: np.ufunc, x: Sequence[Array]) -> Array:
    result = x[0]
    for other in x[1:]:
        result = function(result, other)
    return result


def _summed(gradient: Array, x: Array) -> Array:
    """Return the gradient of a value that was stretched: summed over the axes along which it was."""
    axes = tuple(n for n, (a, b) in enumerate(zip(x.shape, gradient.shape, strict=True)) if a == 1 != b)
    return gradient.sum(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype) if axes else gradient
