"""Sizes that are left open: ``Input((None, None, 3))``, for networks that take images of any size.

Shapes are reckoned with twice, with two sizes that stand in for the open one. Where the results differ, the size is
open there too; where weights would differ, the network cannot be for images of any size, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.checks import shape as as_shape
from convoscope.errors import ShapeError
from convoscope.types import Shape

_STAND_INS = (448, 512)


def is_open(shape: Any) -> bool:
    """Return whether a shape leaves a size open: one of an image's sides, not its channels."""
    return isinstance(shape, (list, tuple)) and len(shape) > 1 and None in shape[:-1] and shape[-1] is not None


def stand_ins(shape: Any, argument: str, where: str) -> tuple[Shape, Shape]:
    """Return a shape with the one and with the other size in place of each that is open; twice the same if none is."""
    if not is_open(shape):
        known = as_shape(shape, argument, where)
        return known, known
    first, other = (
        as_shape(tuple(size if axis is None else axis for axis in shape), argument, where) for size in _STAND_INS
    )
    return first, other


def shown(first: Sequence[int], other: Sequence[int]) -> tuple[int | None, ...]:
    """Return a shape as people see it: None where a size is open.

    Examples
    --------
    >>> shown((446, 446, 8), (510, 510, 8))
    (None, None, 8)
    """
    return tuple(one if one == two else None for one, two in zip(first, other, strict=True))


def check_weights(layer: Any, first: Sequence[Shape], other: Sequence[Shape]) -> None:
    """Say so if a layer's weights depend on a size that is open.

    Raises
    ------
    ShapeError
    """
    if [spec.shape for spec in layer.weight_specs(first[0])] != [spec.shape for spec in layer.weight_specs(other[0])]:
        raise ShapeError(
            f"{layer.describe()} takes inputs of shape {(None, *shown(first[0], other[0]))}, and its number of "
            "weights depends on the size left open. Give the input's size, as in Input((224, 224, 3)), or use "
            "GlobalAveragePooling2D instead of Flatten."
        )
