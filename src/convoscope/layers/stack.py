"""A stack of layers: the shapes along it, with the position named where one does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from convoscope.errors import ShapeError
from convoscope.layers.base import Layer
from convoscope.types import Shape


def infer_shapes(layers: Sequence[Layer], input_shape: Shape) -> list[Shape]:
    """Return the output shape of each layer, in order, without the batch axis.

    Raises
    ------
    ShapeError
        Where a layer does not take what the one before makes. The message says which layer of how many it is.
    """
    shapes: list[Shape] = []
    current = input_shape
    for position, layer in enumerate(layers, start=1):
        try:
            current = layer.checked_shape(current)
        except ShapeError as error:
            raise ShapeError(f"Layer {position} of {len(layers)}: {error}") from None
        shapes.append(current)
    return shapes
