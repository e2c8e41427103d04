"""What converters write as several operators, as one again: dilated convolutions, repeated pixels, normalizations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from convoscope.interchange.litert.reader.call import Nodes
from convoscope.interchange.litert.reader.records import OperatorRecord

#: The operators that are none of a file's.
REPEAT, NORMALIZE, LENGTH = "Convoscope.Repeat", "Convoscope.Normalize", "Convoscope.Length"
_MOST_ADDED, _LEAST_SQUARES = 1.0, 1e-5  # what is added, and what a sum is at least, so that none is divided by 0


def recognize(nodes: Nodes) -> list[OperatorRecord]:
    """Return the operators of a file, those that are one together as one."""
    search = _Search(nodes)
    found = []
    for operator in nodes.record.operators:
        finders = _FINDERS.get(operator.op, ())
        found.append(next(filter(None, (find(search, operator) for find in finders)), operator))
    wanted = set(nodes.record.outputs)
    kept = []
    for operator in reversed(found):  # the others made what now nobody reads
        if wanted & set(operator.outputs):
            wanted.update(operator.inputs)
            kept.append(operator)
    return kept[::-1]


class _Search:
    """What makes each value, and how often it is read."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.makers = {number: each for each in nodes.record.operators for number in each.outputs}
        self.readers = Counter(number for each in nodes.record.operators for number in each.inputs)
        self.readers.update(nodes.record.outputs)

    def maker(self, number: int, *ops: str) -> OperatorRecord | None:
        """Return what makes a value, if it is one of these operators and has no activation at its end."""
        found = self.makers.get(number)
        if found is None or found.op not in ops or not found.inputs or found.option("fused_activation_function"):
            return None
        return found

    def alone(self, number: int, *ops: str) -> OperatorRecord | None:
        """Return the same, if nobody else reads the value."""
        return self.maker(number, *ops) if self.readers[number] == 1 else None

    def numbers(self, number: int) -> list[Any] | None:
        """Return the few numbers of a constant; None if it is computed."""
        if (
            number < 0
            or not self.nodes.is_constant(number)
            or len(self.nodes.record.tensors[number].content or b"") > 256
        ):
            return None
        found: list[Any] = self.nodes.constant(number).reshape(-1).tolist()
        return found

    def pairs(self, operator: OperatorRecord) -> Iterator[tuple[int, int]]:
        """Give both inputs in both orders."""
        if len(operator.inputs) == 2:
            first, second = operator.inputs
            yield first, second
            yield second, first

    def bound(self, operator: OperatorRecord | None, least: float, most: float) -> tuple[int, float] | None:
        """Return the value that an operator joins with one number between these, and that number."""
        for value, constant in self.pairs(operator) if operator else ():
            found = self.numbers(constant)
            if found is not None and len(found) == 1 and least <= found[0] <= most:
                return value, float(found[0])
        return None


def _dilated(search: _Search, last: OperatorRecord) -> OperatorRecord | None:
    """Return one convolution for pixels that are dealt out to images, convolved, and put together again."""
    convolution = search.alone(last.inputs[0], "CONV_2D", "DEPTHWISE_CONV_2D") if len(last.inputs) == 3 else None
    dealt = search.alone(convolution.inputs[0], "SPACE_TO_BATCH_ND") if convolution else None
    if convolution is None or dealt is None or len(dealt.inputs) != 3:
        return None
    told = [search.numbers(number) for number in (*dealt.inputs[1:], *last.inputs[1:])]
    if any(each is None for each in told):
        return None
    block, pads, again, crops = (each or [] for each in told)
    strides = [
        convolution.option(name, 1) for name in ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    ]
    plain = convolution.option("padding") == 1 and strides == [1, 1, 1, 1]
    if not plain or block != again or [len(block), len(pads), len(crops)] != [2, 4, 4] or crops[0] or crops[2]:
        return None
    around = [pads[0], pads[2], pads[1] - crops[1], pads[3] - crops[3]]
    if min(around) < 0:
        return None
    settings = {"dilations": block, "pads": around, "auto_pad": b"NOTSET"}
    inputs = [dealt.inputs[0], *convolution.inputs[1:]]
    return OperatorRecord(convolution.op, convolution.options, inputs, last.outputs, settings=settings)


def _repeated(search: _Search, last: OperatorRecord) -> OperatorRecord | None:
    """Return one operator for values that are repeated along a new axis, which is then put into the one before it."""
    tile = search.alone(last.inputs[0], "TILE") if len(last.inputs) == 2 else None
    wide = search.alone(tile.inputs[0], "EXPAND_DIMS") if tile and len(tile.inputs) == 2 else None
    if tile is None or wide is None or len(wide.inputs) != 2:
        return None
    times, axis = search.numbers(tile.inputs[1]), search.numbers(wide.inputs[1])
    tensors = search.nodes.record.tensors
    rank = tensors[wide.inputs[0]].rank
    if times is None or axis is None or len(axis) != 1 or rank != 4 or len(times) != 5 or axis[0] not in (2, 3):
        return None
    if times[axis[0]] < 1 or any(each != 1 for place, each in enumerate(times) if place != axis[0]):
        return None
    settings = {"axis": axis[0] - 1, "times": times[axis[0]]}
    return OperatorRecord(REPEAT, None, [wide.inputs[0], last.inputs[1]], last.outputs, settings=settings)


def _normalized(search: _Search, last: OperatorRecord) -> OperatorRecord | None:
    """Return one operator for x × s + (beta - mean × s), where s is gamma / sqrt(variance + epsilon)."""
    for product, shift in search.pairs(last):
        made = search.maker(product, "MUL")
        for x, scale in search.pairs(made) if made else ():
            found = _scale(search, x, scale)
            beta = _shift(search, shift, found[0], scale) if found else None
            if found is None or beta is None:
                continue
            _, gamma, epsilon, axes = found
            settings = {"axes": axes, "epsilon": epsilon}
            return OperatorRecord(NORMALIZE, last.options, [x, gamma, beta], last.outputs, settings=settings)
    return None


def _scale(search: _Search, x: int, scale: int) -> tuple[int, int, float, list[int]] | None:
    """Return the mean, gamma (-1 without one), epsilon and axes of a factor that x is multiplied by."""
    made, gamma = search.maker(scale, "RSQRT"), -1
    product = search.maker(scale, "MUL")
    for root, other in search.pairs(product) if product else ():
        if search.maker(root, "RSQRT") and search.nodes.is_constant(other):
            made, gamma = search.maker(root, "RSQRT"), other
    added = search.maker(made.inputs[0], "ADD") if made else None
    small = search.bound(added, 0.0, _MOST_ADDED)
    variance = search.maker(small[0], "MEAN") if small else None
    squares = search.maker(variance.inputs[0], "SQUARED_DIFFERENCE", "SQUARE") if variance else None
    if squares is not None and squares.op == "SQUARE":
        squares = search.maker(squares.inputs[0], "SUB")
    if small is None or variance is None or squares is None:
        return None
    for mean, other in search.pairs(squares):
        average = search.maker(mean, "MEAN")
        if average is None or other != x or average.inputs[0] != x:
            continue
        axes = [search.numbers(each.inputs[1]) if len(each.inputs) == 2 else None for each in (average, variance)]
        if axes[0] and axes[0] == axes[1] and average.option("keep_dims") and variance.option("keep_dims"):
            return mean, gamma, small[1], axes[0]
    return None


def _shift(search: _Search, shift: int, mean: int, scale: int) -> int | None:
    """Return beta (-1 without one) of beta - mean × scale; None if a value is not that."""

    def negative(number: int) -> bool:
        product = search.maker(number, "MUL")
        for value, other in search.pairs(product) if product else ():
            turned = search.maker(value, "NEG")
            if other == scale and turned is not None and turned.inputs == [mean]:
                return True
        return False

    if negative(shift):
        return -1
    added = search.maker(shift, "ADD")
    for beta, other in search.pairs(added) if added else ():
        if search.nodes.is_constant(beta) and negative(other):
            return beta
    less = search.maker(shift, "SUB")
    if less is None or len(less.inputs) != 2 or not search.nodes.is_constant(less.inputs[0]):
        return None
    product = search.maker(less.inputs[1], "MUL")
    return less.inputs[0] if product is not None and sorted(product.inputs) == sorted([mean, scale]) else None


def _unit(search: _Search, last: OperatorRecord) -> OperatorRecord | None:
    """Return one operator for a value over the root of the sum of its squares."""
    divides = last.op == "DIV"
    for x, length in [tuple(last.inputs)] if divides and len(last.inputs) == 2 else search.pairs(last):
        if divides:
            outer = search.bound(search.maker(length, "MAXIMUM"), 0.0, _LEAST_SQUARES)
        else:
            outer = search.bound(search.maker(length, "MINIMUM"), 1 / _LEAST_SQUARES, np.inf)
        root = search.maker(outer[0] if outer else length, "SQRT" if divides else "RSQRT")
        total = root.inputs[0] if root else -1
        inner = search.bound(search.maker(total, "MAXIMUM"), 0.0, _LEAST_SQUARES)
        added = search.maker(inner[0] if inner else total, "SUM")
        squares = search.maker(added.inputs[0], "SQUARE", "MUL") if added else None
        axes = search.numbers(added.inputs[1]) if added and len(added.inputs) == 2 else None
        if squares is not None and set(squares.inputs) == {x} and axes and added and added.option("keep_dims"):
            return OperatorRecord(LENGTH, last.options, [x], last.outputs, settings={"axes": axes})
    return None


_FINDERS: dict[str, tuple[Any, ...]] = {
    "BATCH_TO_SPACE_ND": (_dilated,),
    "RESHAPE": (_repeated,),
    "ADD": (_normalized,),
    "MUL": (_unit,),
    "DIV": (_unit,),
}
