"""Sums along one axis with constant shares, where no other layer has them: a Dense layer that stays as it is."""

from __future__ import annotations

import numpy as np

from convoscope.interchange.onnx.reader.context import Context, check_laid_out
from convoscope.interchange.onnx.reader.layout import Value, axis
from convoscope.interchange.onnx.reader.operators.shapes import axis_to_end
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Dense


def mixed(
    context: Context, value: Value, place: int, shares: Array, offset: Array | None = None, *, nonnegative: bool = False
) -> Value:
    """Return sums along an axis.

    Parameters
    ----------
    place : int
        The axis, from 0, without the batch axis.
    shares : array, shape (length, new length)
        How much each index counts in each new one.
    offset : array, shape (new length,), optional
        What is added.
    """
    check_laid_out(shares.size)
    value = axis_to_end(value, place)
    made = shares.shape[1]
    layer = Dense(made, use_bias=offset is not None, trainable=False)
    symbol = context.call(layer, value.symbol, shares, *([] if offset is None else [offset]))
    group = axis(made)
    logical = (*value.logical[:place], group, *value.logical[place + 1 :])
    return Value(symbol, logical, (*value.physical[:-1], group), nonnegative=nonnegative)


def one_of_each(length: int, numbers: Array) -> Array:
    """Return the shares that pick one index for each new one."""
    check_laid_out(length * len(numbers))
    shares = np.zeros((length, len(numbers)), np.float32)
    shares[numbers, np.arange(len(numbers))] = 1
    return shares
