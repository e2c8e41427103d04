"""Where the axes of ONNX's values lie in ours: channels first there, last here, and no transposition in between.

A value has axes as ONNX sees them (`Value.logical`) and axes as the symbol has them (`Value.physical`). Both are groups
of the same factors. An image of NCHW is (C), (H), (W) for ONNX, and (H), (W), (C) here. A Transpose only puts the
logical axes in another order, and a Reshape only divides them otherwise: flattened, the image is one group (C H W) for
ONNX, and still (H), (W), (C) here. Layers are only made where a reader needs the axes in another way, and a Dense can
take them in any order: its rows are permuted instead. A factor of 1 is none at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from convoscope.interchange.onnx.reader.network import UnsupportedError
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Permute, Reshape
from convoscope.layers.symbols import Symbol

#: The most numbers that a constant is stretched to.
MOST_STRETCHED = 1 << 24


class Factor:
    """A part of an axis, of a length above 1."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size


Group = tuple[Factor, ...]
Groups = tuple[Group, ...]


@dataclass(frozen=True, eq=False)
class Value:
    """What a node makes.

    Attributes
    ----------
    symbol : Symbol
    logical : tuple of groups
        ONNX's axes behind the batch axis.
    physical : tuple of groups
        The symbol's axes behind the batch axis.
    refit : callable, optional
        Makes the same layer once more so that its output is multiplied and then shifted: by a number, or by one for
        each index of the last axis.
    refits_all : bool
        Whether the numbers may also go with several axes of the symbol's.
    nonnegative : bool
        Whether none of its numbers can be below 0, so that zeros around it win no maximum.
    """

    symbol: Symbol
    logical: Groups
    physical: Groups
    refit: Callable[[Array, Array], Value] | None = None
    refits_all: bool = False
    nonnegative: bool = False
    #: The symbol with its axes otherwise, for several readers that need them so.
    kept: dict[Groups, Symbol] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes as ONNX sees them, without the batch axis."""
        return tuple(map(length, self.logical))

    def of(self, symbol: Symbol, nonnegative: bool = False) -> Value:
        """Return another symbol with the same axes."""
        return Value(symbol, self.logical, self.physical, nonnegative=nonnegative)

    def seen_as(self, logical: Groups) -> Value:
        """Return the same numbers with other logical axes."""
        return replace(self, logical=logical)


def length(group: Group) -> int:
    """Return the length of an axis."""
    return math.prod(factor.size for factor in group)


def axis(size: int) -> Group:
    """Return an axis of a length, with a factor of its own."""
    return (Factor(size),) if size > 1 else ()


def flat(groups: Iterable[Group]) -> Group:
    """Return all factors in their order."""
    return tuple(factor for group in groups for factor in group)


def plain(symbol: Symbol) -> Value:
    """Return a value whose axes are the symbol's."""
    groups = tuple(map(axis, symbol.sample_shape))
    return Value(symbol, groups, groups)


def image(symbol: Symbol, nonnegative: bool = False) -> Value:
    """Return a value of (height, width, channels) that is (channels, height, width) for ONNX."""
    rows, columns, channels = map(axis, symbol.sample_shape)
    return Value(symbol, (channels, rows, columns), (rows, columns, channels), nonnegative=nonnegative)


def arranged(value: Value, wanted: Groups) -> Value:
    """Return the value with its symbol's axes as wanted: reshaped, transposed and reshaped where there is need."""
    wanted = wanted or ((),)
    now, then = flat(value.physical), flat(wanted)
    symbol = value.kept.get(wanted, value.symbol)
    if symbol is not value.symbol:
        return replace(value, symbol=symbol, physical=wanted, refit=None, kept={})
    if now != then:
        runs = _runs(now, then)
        symbol = _shaped(symbol, tuple(map(length, runs)))
        order = sorted(range(len(runs)), key=lambda number: then.index(runs[number][0]))
        symbol = Permute([number + 1 for number in order])(symbol)
    symbol = _shaped(symbol, tuple(map(length, wanted)))
    if symbol is value.symbol and wanted == value.physical:
        return value
    value.kept[wanted] = symbol
    return replace(value, symbol=symbol, physical=wanted, refit=None, kept={})


def as_image(value: Value) -> Value:
    """Return a value that is an image for ONNX as (height, width, channels)."""
    channels, rows, columns = value.logical
    return arranged(value, (rows, columns, channels))


def in_order(value: Value) -> Value:
    """Return the value with its symbol's axes as ONNX has them."""
    return arranged(value, value.logical)


def _shaped(symbol: Symbol, shape: tuple[int, ...]) -> Symbol:
    return symbol if symbol.sample_shape == shape else Reshape(shape)(symbol)


def _runs(now: Group, then: Group) -> list[Group]:
    """Return the factors as they lie now, in runs that stay together."""
    following = dict(pairwise(then))
    runs: list[list[Factor]] = []
    for factor in now:
        if runs and following.get(runs[-1][-1]) is factor:
            runs[-1].append(factor)
        else:
            runs.append([factor])
    return [tuple(run) for run in runs]


def reshaped(value: Value, shape: Sequence[int]) -> Value:
    """Return the value with other sizes for ONNX, of the same product."""
    found = _divided(flat(value.logical), shape)
    if found is None:  # 6 = 2 × 3 = 3 × 2: the numbers are in one row before they are divided anew
        ordered = arranged(value, (flat(value.logical),))
        groups = tuple(map(axis, shape))
        symbol = _shaped(ordered.symbol, tuple(shape) or (1,))
        return Value(symbol, groups, groups or ((),), nonnegative=value.nonnegative)
    groups, splits = found
    return replace(split(value, splits), logical=groups)


def split(value: Value, splits: dict[Factor, Group]) -> Value:
    """Return the value with some factors as several."""
    if not splits:
        return value
    logical, physical = (
        tuple(flat(splits.get(factor, (factor,)) for factor in group) for group in groups)
        for groups in (value.logical, value.physical)
    )
    return replace(value, logical=logical, physical=physical)


def _divided(factors: Group, shape: Sequence[int]) -> tuple[Groups, dict[Factor, Group]] | None:
    """Return groups of factors of those lengths, and which factors are divided for it; None if some cannot be."""
    waiting, groups = list(reversed(factors)), []
    splits: dict[Factor, Group] = {}
    for size in shape:
        group: list[Factor] = []
        left = size
        while left > 1:
            factor = waiting.pop()
            if left % factor.size == 0:
                group.append(factor)
                left //= factor.size
                continue
            if factor.size % left:
                return None
            first, rest = Factor(left), Factor(factor.size // left)
            origin = next((f for f, parts in splits.items() if factor in parts), factor)
            parts = splits.get(origin, (factor,))
            splits[origin] = tuple(p for part in parts for p in ((first, rest) if part is factor else (part,)))
            group.append(first)
            waiting.append(rest)
            left = 1
        groups.append(tuple(group))
    return tuple(groups), splits


def matched(value: Value, other: Value) -> tuple[Value, Value]:
    """Return two values whose logical axes of the same length have the same factors, without a layer if possible."""
    if value.logical == other.logical:
        return value, other
    other = _renamed(other, {factor: Factor(factor.size) for factor in flat(other.logical)})
    for number, (mine, theirs) in enumerate(zip(value.logical, other.logical, strict=True)):
        if mine == theirs or length(mine) != length(theirs):
            continue
        bounds = sorted({*_bounds(mine), *_bounds(theirs)})
        if any(after % before for before, after in pairwise(bounds)):
            return _same_factors(in_order(value), in_order(other))
        sizes = [after // before for before, after in pairwise(bounds)][::-1]
        value, other = _split_into(value, mine, sizes), _split_into(other, theirs, sizes)
        other = _renamed(other, dict(zip(other.logical[number], value.logical[number], strict=True)))
    return value, other


def _split_into(value: Value, group: Group, sizes: Sequence[int]) -> Value:
    divided = _divided(group, sizes)
    assert divided is not None  # the sizes are a division of both
    return split(value, divided[1])


def _bounds(group: Group) -> list[int]:
    """Return the products of the last factors: where the axis is divided."""
    found = [1]
    for factor in reversed(group):
        found.append(found[-1] * factor.size)
    return found


def _renamed(value: Value, names: dict[Factor, Factor]) -> Value:
    logical, physical = (
        tuple(tuple(names.get(factor, factor) for factor in group) for group in groups)
        for groups in (value.logical, value.physical)
    )
    return replace(value, logical=logical, physical=physical)


def _same_factors(value: Value, other: Value) -> tuple[Value, Value]:
    """Return two values in ONNX's order, with one factor for each axis."""
    groups = [tuple(map(axis, each.shape)) for each in (value, other)]
    groups[1] = tuple(
        first if length(first) == length(second) else second for first, second in zip(*groups, strict=True)
    )
    value, other = (
        replace(each, logical=own, physical=own or ((),)) for each, own in zip((value, other), groups, strict=True)
    )
    return value, other


def constant_for(value: Value, array: Array) -> Array:
    """Return an array that goes with ONNX's axes, as it goes with the symbol's.

    Parameters
    ----------
    value : Value
    array : array
        As many axes as the value has, without the batch axis, of its sizes or of 1.
    """
    factors = flat(value.logical)
    sizes: list[int] = []
    for group, size in zip(value.logical, array.shape, strict=True):
        sizes += [factor.size if size > 1 else 1 for factor in group]
    places = {id(factor): number for number, factor in enumerate(factors)}
    turned = array.reshape(sizes).transpose([places[id(factor)] for factor in flat(value.physical)])
    shape, at = [], 0
    for group in value.physical:
        part = turned.shape[at : at + len(group)]
        if 1 in part and max(part) > 1:  # several of ONNX's axes lie in this one
            if math.prod(value.symbol.sample_shape) > MOST_STRETCHED:
                raise UnsupportedError(f"a constant of shape {array.shape} would be stretched to {value.shape}")
            turned = np.broadcast_to(
                turned, (*turned.shape[:at], *(f.size for f in group), *turned.shape[at + len(group) :])
            )
            part = turned.shape[at : at + len(group)]
        shape.append(math.prod(part))
        at += len(group)
    placed: Array = turned.reshape(shape)
    return placed


def row_order(wanted: Group, physical: Group) -> Array:
    """Return which of ONNX's indices each index of a row is, whose factors lie in another order."""
    sizes = [factor.size for factor in wanted]
    numbers = np.arange(math.prod(sizes)).reshape(sizes)
    order: Array = numbers.transpose([wanted.index(factor) for factor in physical]).reshape(-1)
    return order
