"""Layers that arrange values anew, and those that join several, in PyTorch."""

from __future__ import annotations

import operator
from functools import reduce

from convoscope import layers as cl
from convoscope.interchange.pytorch.source.layout import axis_of, from_keras, to_keras
from convoscope.interchange.pytorch.source.meaning import expression
from convoscope.interchange.pytorch.source.piece import Piece
from convoscope.layers.joining import Combine
from convoscope.types import Shape


@expression.register
def _flatten(layer: cl.Flatten, piece: Piece, x: str) -> str:
    return x if len(piece.shape) == 1 else f"{to_keras(x, piece.shape)}.flatten(1)"


@expression.register
def _reshape(layer: cl.Reshape, piece: Piece, x: str) -> str:
    sizes = ", ".join(map(str, piece.made))
    return from_keras(f"{to_keras(x, piece.shape)}.reshape(-1, {sizes})", piece.made)


@expression.register
def _permute(layer: cl.Permute, piece: Piece, x: str) -> str:
    order = ", ".join(map(str, (0, *layer.dims)))
    return from_keras(f"{to_keras(x, piece.shape)}.permute({order})", piece.made)


@expression.register
def _repeat(layer: cl.RepeatVector, piece: Piece, x: str) -> str:
    return f"{x}[:, None].repeat(1, {layer.n}, 1)"


# ---- several values


_BETWEEN = {"add": " + ", "subtract": " - ", "multiply": " * ", "divide": " / "}
_FUNCTIONS = {"maximum": "torch.maximum", "minimum": "torch.minimum"}


def _together(piece: Piece, values: tuple[str, ...]) -> list[str]:
    """Return values so that they can be combined: where not all are images, in Keras' order, with all axes."""
    shapes = piece.call.input_shapes
    last = max(map(len, shapes))
    if all(len(shape) == last for shape in shapes):
        return list(values)
    return [_with_axes(to_keras(value, shape), shape, last) for value, shape in zip(values, shapes, strict=True)]


def _with_axes(value: str, shape: Shape, last: int) -> str:
    missing = last - len(shape)
    return value if not missing else f"{value}[:, {', '.join(['None'] * missing)}]"


@expression.register
def _combine(layer: Combine, piece: Piece, *values: str) -> str:
    if len(values) == 1:
        return values[0]
    together = _together(piece, values)
    mode = layer.mode
    if mode in _FUNCTIONS:
        found = reduce(lambda one, other: f"{_FUNCTIONS[mode]}({one}, {other})", together)
    elif mode in _BETWEEN:
        found = _BETWEEN[mode].join(together)
    else:
        found = f"({' + '.join(together)}) / {len(together)}"
    mixed = operator.ne(len(set(map(len, piece.call.input_shapes))), 1)
    return from_keras(f"({found})", piece.made) if mixed and len(piece.made) == 3 else found


@expression.register
def _concatenate(layer: cl.Concatenate, piece: Piece, *values: str) -> str:
    if len(values) == 1:
        return values[0]
    axis = axis_of(layer.sample_axis(len(piece.made)) + 1, piece.made)
    return f"torch.cat([{', '.join(values)}], dim={axis})"
