"""Values put together: at the same index, or one behind the other."""

from __future__ import annotations

from convoscope.interchange.onnx.reader.context import Context, integer_setting, operator, sample_axis
from convoscope.interchange.onnx.reader.layout import (
    Factor,
    Groups,
    Value,
    arranged,
    axis,
    flat,
    in_order,
    length,
    matched,
)
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.layers import Concatenate, Layer


def together(context: Context, layer: Layer, value: Value, other: Value, *, nonnegative: bool = False) -> Value:
    """Return what a layer makes of two values at the same index, the second brought to how the first lies."""
    if len(value.logical) != len(other.logical):
        raise UnsupportedError(
            f"it combines values of {len(value.logical) + 1} and {len(other.logical) + 1} axes, which would align "
            "the batch axis of one with another axis of the other"
        )
    if any(1 not in pair and pair[0] != pair[1] for pair in zip(value.shape, other.shape, strict=True)):
        raise UnsupportedError(
            f"it combines values of the shapes {value.shape} and {other.shape}, without the batch axis"
        )
    value, other = matched(value, other)
    mine, theirs = set(flat(value.logical)), set(flat(other.logical))
    if mine >= theirs and (found := _like(other, value.physical)) is not None:
        other = arranged(other, found)
    elif theirs > mine and (found := _like(value, other.physical)) is not None:
        value = arranged(value, found)
    else:
        value, other = in_order(value), in_order(other)
    symbol = context.call(layer, [value.symbol, other.symbol])
    logical, physical = (
        tuple(max(pair, key=length) for pair in zip(first, second, strict=True))
        for first, second in ((value.logical, other.logical), (value.physical, other.physical))
    )
    return Value(symbol, logical, physical, nonnegative=nonnegative)


def _like(value: Value, physical: Groups) -> Groups | None:
    """Return axes like another value's, of which some have length 1; None if one would have to be divided."""
    own = set(flat(value.logical))
    if any(set(group) & own and not set(group) <= own for group in physical):
        return None
    return tuple(group if set(group) <= own else () for group in physical)


@operator("Concat")
def concatenate(context: Context, node: OnnxNode) -> Value:
    """Values one behind the other along an axis."""
    values = [context.value(name) for name in node.inputs]
    first = values[0]
    place = sample_axis(integer_setting(node, "axis", 0), first, "concatenates values along")
    for other in values[1:]:
        sizes = [(*each.shape[:place], *each.shape[place + 1 :]) for each in (first, other)]
        if len(first.logical) != len(other.logical) or sizes[0] != sizes[1]:
            raise UnsupportedError(f"it concatenates values of the shapes {first.shape} and {other.shape}")
    if len(values) == 1:
        return first
    joined = first.logical[place]
    if not joined or joined not in first.physical:
        order = (1, 2, 0) if len(first.logical) == 3 else range(len(first.logical))
        first = arranged(first, tuple(first.logical[number] for number in order))
        at = list(order).index(place)
    else:
        at = first.physical.index(joined)
    symbols = [first.symbol]
    for other in values[1:]:
        # Beside that axis both have the same sizes, and so the same factors, if neither is divided otherwise.
        names = _same_names(first, other, place)
        wanted = tuple(
            other.logical[place] if number == at else tuple(names[factor] for factor in group)
            for number, group in enumerate(first.physical)
        )
        symbols.append(arranged(other, wanted).symbol)
    symbol = context.call(Concatenate(axis=at + 1, name=context.name(node)), symbols)
    whole = axis(symbol.sample_shape[at])
    logical = (*first.logical[:place], whole, *first.logical[place + 1 :])
    physical = (*first.physical[:at], whole, *first.physical[at + 1 :])
    return Value(symbol, logical, physical, nonnegative=all(value.nonnegative for value in values))


def _same_names(first: Value, other: Value, place: int) -> dict[Factor, Factor]:
    """Return which factor of the second value each of the first is, along all axes but one."""
    names: dict[Factor, Factor] = {}
    for number, (mine, theirs) in enumerate(zip(first.logical, other.logical, strict=True)):
        if number == place:
            continue
        if [factor.size for factor in mine] != [factor.size for factor in theirs]:
            raise UnsupportedError("it concatenates values whose axes were merged in different ways")
        names.update(zip(mine, theirs, strict=True))
    return names
