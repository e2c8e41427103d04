"""Sums, products and the like: of values, and of a value with constants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from convoscope.interchange.onnx.reader.context import Context, operator
from convoscope.interchange.onnx.reader.layout import Value
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.affine import scaled
from convoscope.interchange.onnx.reader.operators.joining import together
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Add, Average, Divide, Layer, Maximum, Minimum, Multiply, ReLU, Rescaling, Subtract

#: The largest number that bounds nothing: exporters write it for a bound that is left out.
_NO_BOUND = 3e38


def _number(context: Context, name: str) -> Array:
    array = context.constants[name]
    if array.dtype.kind not in "fiu":
        raise UnsupportedError(f"it computes with a constant of the type {array.dtype}")
    return np.asarray(array, np.float64)


@operator("Add")
def add(context: Context, node: OnnxNode) -> Value:
    """The sum."""
    return _either(context, node, Add, lambda constant, _: (1.0, constant))


@operator("Sub")
def subtract(context: Context, node: OnnxNode) -> Value:
    """The difference."""
    return _either(context, node, Subtract, lambda constant, first: (-1.0, constant) if first else (1.0, -constant))


@operator("Mul")
def multiply(context: Context, node: OnnxNode) -> Value:
    """The product."""
    return _either(context, node, Multiply, lambda constant, _: (constant, 0.0))


@operator("Div")
def divide(context: Context, node: OnnxNode) -> Value:
    """The quotient."""
    if context.whole & set(node.inputs):
        raise UnsupportedError("it divides whole numbers, but layers compute with float32; put a Cast before it")
    if node.input(1) not in context.constants:
        if node.input(0) in context.constants:
            raise UnsupportedError("it divides a constant by a computed value, which no layer supports")
        value, other = (context.value(node.input(place)) for place in (0, 1))
        both = value.nonnegative and other.nonnegative
        return together(context, Divide(name=context.name(node)), value, other, nonnegative=both)
    divisor = _number(context, node.input(1))
    if (divisor == 0).any():
        raise UnsupportedError("it divides by 0")
    return scaled(context, node, context.value(node.input(0)), 1.0 / divisor, 0.0)


def _either(
    context: Context, node: OnnxNode, kind: type[Layer], affine: Callable[[Array, bool], tuple[Any, Any]]
) -> Value:
    """Join two values, or scale and shift one: `affine` says how, given the constant and whether it is the first."""
    for place in (0, 1):
        if node.input(place) in context.constants:
            value = context.value(node.input(1 - place))
            return scaled(context, node, value, *affine(_number(context, node.input(place)), place == 0))
    value, other = (context.value(node.input(place)) for place in (0, 1))
    both = value.nonnegative and other.nonnegative and kind is not Subtract
    return together(context, kind(name=context.name(node)), value, other, nonnegative=both)


@operator("Sum", "Mean", "Max", "Min")
def several(context: Context, node: OnnxNode) -> Value:
    """The sum, mean, largest or smallest of several values."""
    kinds: dict[str, type[Layer]] = {"Sum": Add, "Mean": Average, "Max": Maximum, "Min": Minimum}
    constants = [name for name in node.inputs if name in context.constants]
    values = [context.value(name) for name in node.inputs if name not in constants]
    if constants and (node.op == "Mean" or len(values) != 1):
        raise UnsupportedError("it combines several values with constants")
    found = values[0]
    for other in values[1:]:
        both = found.nonnegative and other.nonnegative
        kind = Add if node.op == "Mean" else kinds[node.op]
        found = together(context, kind(name=context.name(node)), found, other, nonnegative=both)
    if node.op == "Mean" and len(values) > 1:
        return scaled(context, node, found, 1.0 / len(values), 0.0)
    for name in constants:
        constant = _number(context, name)
        if node.op == "Sum":
            found = scaled(context, node, found, 1.0, constant)
        elif constant.size == 1:
            bound = float(constant.reshape(()))
            found = bounded(context, node, found, *((bound, None) if node.op == "Max" else (None, bound)))
        else:
            raise UnsupportedError(f"it compares a value with a constant of shape {constant.shape}")
    return found


@operator("Neg")
def negate(context: Context, node: OnnxNode) -> Value:
    """With the sign turned."""
    return scaled(context, node, context.value(node.input(0)), -1.0, 0.0)


@operator("Abs")
def absolute(context: Context, node: OnnxNode) -> Value:
    """Without the sign: the larger of a value and its negative."""
    return absolute_of(context, context.value(node.input(0)), context.name(node))


def absolute_of(context: Context, value: Value, name: str | None = None) -> Value:
    """Return a value without its sign."""
    negative = context.call(Rescaling(-1.0), value.symbol)
    return value.of(context.call(Maximum(name=name), [value.symbol, negative]), nonnegative=True)


@operator("Pow")
def power(context: Context, node: OnnxNode) -> Value:
    """A whole power from 1 to 4."""
    exponent = context.constant(node.input(1), "the exponent")
    if exponent.size != 1 or float(exponent.reshape(-1)[0]) not in (1.0, 2.0, 3.0, 4.0):
        raise UnsupportedError("its exponent is neither 1, 2, 3 nor 4, and no layer supports others")
    value, times = context.value(node.input(0)), int(exponent.reshape(-1)[0])
    symbol = value.symbol
    for _ in range(times - 1):
        symbol = context.call(Multiply(), [symbol, value.symbol])
    return value.of(symbol, value.nonnegative or times % 2 == 0)


def bounded(context: Context, node: OnnxNode, value: Value, least: float | None, most: float | None) -> Value:
    """Return a value held between bounds, either of which may be left out."""
    least = None if least is None or least < -_NO_BOUND else least
    most = None if most is None or most > _NO_BOUND else most
    if least is not None and most is not None and least > most:
        least = most
    if least is None and most is None:
        return value
    call = partial(_chain, context, value)
    name = context.name(node)
    if least is None and most is not None:
        return value.of(call(Rescaling(-1.0, most), ReLU(name=name), Rescaling(-1.0, most)))
    assert least is not None
    room = None if most is None else most - least
    rectifier = ReLU(max_value=room, name=name)
    if least == 0:
        return value.of(call(rectifier), nonnegative=True)
    return value.of(call(Rescaling(1.0, -least), rectifier, Rescaling(1.0, least)), nonnegative=least >= 0)


def _chain(context: Context, value: Value, *layers: Layer) -> Any:
    symbol = value.symbol
    for layer in layers:
        symbol = context.call(layer, symbol)
    return symbol


@operator("Clip")
def clip(context: Context, node: OnnxNode) -> Value:
    """Values held between bounds."""
    least, most = (context.number(node, name, place, None) for name, place in (("min", 1), ("max", 2)))
    return bounded(context, node, context.value(node.input(0)), least, most)
