"""Normalizations that a file has as several nodes, found by these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from convoscope.interchange.onnx.reader.folding import fold
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.tensors import Array

#: The operators of those that were recognized: mean 0 and variance 1, length 1, and a local response normalization.
NORMALIZED, UNIT, RESPONSE = "Convoscope.Normalization", "Convoscope.Unit", "Convoscope.LocalResponse"
_SMALLEST_LENGTH = 1e-10  # up to which a bound of lengths is there to divide by no 0, as our own 1e-12 is
_SAME, _DEEPEST = ("Cast", "CastLike", "Identity"), 8
_VIEWS = ("Transpose", "Reshape", "Unsqueeze")


class Search:
    """What makes each value of a graph.

    Parameters
    ----------
    constants : mapping of str to array
    makers : mapping of str to OnnxNode
        It may still change.
    scalars : mapping of str to array
        The constants that are one number.
    """

    def __init__(
        self, constants: Mapping[str, Array], makers: Mapping[str, OnnxNode], scalars: Mapping[str, Array]
    ) -> None:
        self.constants, self.makers, self.scalars = constants, makers, scalars

    def maker(self, name: str, *ops: str, through: tuple[str, ...] = _SAME) -> OnnxNode | None:
        """Return what makes a value, if it is one of these operators; some are looked through."""
        node = self.makers.get(name)
        for _ in range(_DEEPEST):
            if node is None or node.op not in through:
                break
            node = self.makers.get(node.input(0))
        return node if node is not None and node.op in ops else None

    def number(self, name: str) -> float | None:
        """Return a constant that is one number."""
        return float(self.scalars[name]) if name in self.scalars else None

    def array(self, name: str, deepest: int = _DEEPEST) -> Array | None:
        """Return a constant, or what is only another view of one; None where it is computed."""
        if name in self.constants:
            return self.constants[name]
        node = self.makers.get(name)
        if node is None or not deepest:
            return None
        if node.op in _SAME:
            return self.array(node.input(0), deepest - 1)
        if node.op != "Constant" and node.op not in _VIEWS:
            return None
        arrays = [self.array(each, deepest - 1) for each in node.inputs[:2]]
        if any(array is None for array in arrays):
            return None
        try:
            made = fold(node, arrays)
        except UnsupportedError:
            return None
        return made[0] if made else None

    def axes(self, node: OnnxNode) -> list[int] | None:
        """Return the axes that a reduction goes over and keeps, a setting in older opsets, an input in newer ones."""
        told: Any = node.setting("axes")
        if told is None and node.input(1):
            array = self.array(node.input(1))
            told = None if array is None else array.reshape(-1).tolist()
        known = isinstance(told, list) and bool(told) and node.setting("keepdims", 1)
        return [int(each) for each in told] if known else None

    def squared(self, name: str) -> str | None:
        """Return the value that another is the square of."""
        node = self.maker(name, "Mul", "Pow")
        if node is None:
            return None
        twice = node.input(0) == node.input(1) if node.op == "Mul" else self.number(node.input(1)) == 2
        return node.input(0) if twice else None

    def pairs(self, node: OnnxNode) -> Iterator[tuple[str, str]]:
        """Give both inputs in both orders."""
        yield node.input(0), node.input(1)
        yield node.input(1), node.input(0)


def normalization(search: Search, last: OnnxNode) -> OnnxNode | None:
    """Return one node in place of those that lead to this one, if they are a normalization together."""
    for find in _FINDERS.get(last.op, ()):
        found: OnnxNode | None = find(search, last)
        if found is not None:
            return found
    return None


def _standardized(search: Search, last: OnnxNode) -> OnnxNode | None:
    """Return one node for (x - mean) / sqrt(mean of squares + epsilon)."""
    centred, root = search.maker(last.input(0), "Sub"), search.maker(last.input(1), "Sqrt")
    shifted = search.maker(root.input(0), "Add") if root else None
    mean = search.maker(centred.input(1), "ReduceMean") if centred else None
    if centred is None or shifted is None or mean is None:
        return None
    for name, other in search.pairs(shifted):
        epsilon, variance = search.number(other), search.maker(name, "ReduceMean")
        inner = search.squared(variance.input(0)) if variance else None
        difference = search.maker(inner, "Sub") if inner else None
        if variance is None or difference is None or epsilon is None:
            continue
        same = difference is centred or difference.inputs == centred.inputs
        axes = search.axes(mean)
        if same and mean.input(0) == centred.input(0) and axes and axes == search.axes(variance):
            return _made(NORMALIZED, last, centred.input(0), axes=axes, epsilon=epsilon)
    return None


def _unit(search: Search, last: OnnxNode) -> OnnxNode | None:
    """Return one node for a value over its length, which may be held above a number that is nearly 0."""
    x, name = last.input(0), last.input(1)
    through = (*_SAME, "Expand")
    bound = search.maker(name, "Max", "Clip", through=through)
    if bound is not None:
        pairs = [(bound.input(0), bound.input(1))] if bound.op == "Clip" else search.pairs(bound)
        told = [(value, bound.setting("min", search.number(least))) for value, least in pairs]
        held = [value for value, least in told if least is not None and 0 <= least <= _SMALLEST_LENGTH]
        if not held or bound.input(2) or bound.setting("max") is not None:
            return None
        name = held[0]
    length, root = search.maker(name, "ReduceL2", through=through), search.maker(name, "Sqrt", through=through)
    if root is not None:
        length = search.maker(root.input(0), "ReduceSumSquare", "ReduceSum")
    if length is None:
        return None
    of = search.squared(length.input(0)) if length.op == "ReduceSum" else length.input(0)
    axes = search.axes(length)
    return _made(UNIT, last, x, axes=axes) if of == x and axes else None


def _local_response(search: Search, last: OnnxNode) -> OnnxNode | None:
    """Return one node for x times a power of some of its channels' squares and a number."""
    sign = 1 if last.op == "Div" else -1
    for x, other in search.pairs(last) if last.op == "Mul" else [(last.input(0), last.input(1))]:
        power = search.maker(other, "Pow")
        exponent = search.number(power.input(1)) if power else None
        found = _sums(search, power.input(0), x) if power else None
        if found is not None and exponent is not None and sign * exponent >= 0:
            return _made(RESPONSE, last, x, beta=abs(exponent), **found)
    return None


def _sums(search: Search, name: str, x: str) -> dict[str, Any] | None:
    """Return the settings of a positive number and the squares of channels beside each."""
    last = search.maker(name, "Add", "Gemm")
    for sums, number in (search.pairs(last) if last.op == "Add" else [(name, last.input(2))]) if last else ():
        product, bias = search.maker(sums, "MatMul", "Gemm"), search.array(number)
        if product is None or bias is None or not bias.size or bias.dtype.kind != "f" or not _is_plain(product):
            continue
        kernel, least = search.array(product.input(1)), float(bias.reshape(-1)[0])
        if kernel is None or kernel.ndim != 2 or least <= 0 or (bias != least).any() or bias.ndim > 1:
            continue
        beside = _beside(kernel.T if product.setting("transB", 0) else kernel)
        if search.squared(product.input(0)) == x and beside is not None:
            before, after, alpha = beside
            return {"before": before, "after": after, "alpha": alpha, "bias": least}
    return None


def _is_plain(product: OnnxNode) -> bool:
    """Return whether nothing is multiplied but the values and the kernel, and only one bias is added."""
    if product.op == "MatMul":
        return True
    return (product.setting("alpha", 1.0), product.setting("beta", 1.0), product.setting("transA", 0)) == (1.0, 1.0, 0)


def _beside(kernel: Array) -> tuple[int, int, float] | None:
    """Return how many channels before and behind each a kernel (from, to) adds up, and by which factor."""
    inputs, outputs = kernel.shape
    if inputs != outputs or not inputs or kernel.dtype.kind != "f":
        return None
    alpha = float(kernel.max())
    if alpha <= 0:
        return (0, 0, 0.0) if not kernel.any() else None
    numbers = np.arange(inputs)
    apart, counts = numbers[:, None] - numbers, kernel != 0
    if (kernel[counts] != alpha).any():
        return None
    before, after = int(-apart[counts].min()), int(apart[counts].max())
    fits = min(before, after) >= 0 and np.array_equal(counts, (apart >= -before) & (apart <= after))
    return (before, after, alpha) if fits else None


def _made(op: str, last: OnnxNode, x: str, **settings: Any) -> OnnxNode:
    return OnnxNode(op, last.name, [x], last.outputs, settings, title=last.title)


_FINDERS: dict[str, tuple[Any, ...]] = {"Div": (_standardized, _unit, _local_response), "Mul": (_local_response,)}
