"""What each layer is in PyTorch. The layers' own files are beside: `windows`, `values` and `shapes` register here."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.interchange.pytorch.source.activations import activated
from convoscope.interchange.pytorch.source.piece import Piece
from convoscope.layers.augmentation import Augmentation


@singledispatch
def expression(layer: Any, piece: Piece, *values: str) -> str:
    """Return the expression of what a layer makes of values, and note in the piece what it needs.

    Parameters
    ----------
    layer : Layer
    piece : Piece
    *values : str
        The variables that hold the inputs, in the order that `layout` says.

    Raises
    ------
    ConfigurationError
        If there is nothing in PyTorch for the layer.
    """
    raise ConfigurationError(
        f"{layer.describe()}: a {type(layer).__name__} cannot be written for PyTorch. model.save('model.safetensors') "
        "keeps everything."
    )


def with_activation(layer: Any, piece: Piece, value: str) -> str:
    """Return a layer's result with its activation."""
    return activated(layer.activation, value, piece.made)


@expression.register
def _augmentation(layer: Augmentation, piece: Piece, x: str) -> str:
    piece.notes.append(f"{type(layer).__name__} varied the training images; here it does nothing")
    return x
