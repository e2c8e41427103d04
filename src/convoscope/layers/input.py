"""Where a model begins: the shape of one input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.layers.base import Layer
from convoscope.types import Shape


class InputLayer(Layer):
    """Says what shape one input has. It computes nothing and is not counted among a model's layers.

    Parameters
    ----------
    shape : tuple of int
        Without the batch axis: ``(28, 28, 1)`` for grey images of 28×28 pixels.
    batch_shape : tuple of int or None, optional
        The same with the batch axis first, in place of `shape`.
    """

    def __init__(
        self,
        shape: Sequence[int] | None = None,
        *,
        batch_shape: Sequence[int | None] | None = None,
        input_shape: Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        if batch_shape is not None and shape is None:
            shape = tuple(batch_shape)[1:]  # type: ignore[assignment]
        shape = shape if shape is not None else input_shape
        if shape is None:
            raise ConfigurationError("Input needs the shape of one image, as in Input(shape=(28, 28, 1)).")
        super().__init__(input_shape=shape, **options)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def Input(  # noqa: N802 - Keras' name
    shape: Sequence[int] | None = None, *, batch_shape: Sequence[int | None] | None = None, **options: Any
) -> InputLayer:
    """Begin a model: ``Sequential([Input(shape=(28, 28, 1)), ...])``.

    Parameters
    ----------
    shape : tuple of int
        The shape of one input, without the batch axis.

    Examples
    --------
    >>> Input(shape=(28, 28, 1)).requested_input_shape
    (28, 28, 1)
    """
    return InputLayer(shape, batch_shape=batch_shape, **options)
