"""Where a model begins: the shape of one input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError
from convoscope.layers.base import Layer
from convoscope.layers.symbols import Node, Symbol
from convoscope.types import Shape


class InputLayer(Layer):
    """Declares the shape of one input. It computes nothing and is not counted among a model's layers.

    Parameters
    ----------
    shape : tuple of int
        Without the batch axis: ``(28, 28, 1)`` for grey images of 28×28 pixels. ``(None, None, 3)`` leaves the size
        open, for networks whose weights do not depend on it: each call fixes it.
    batch_shape : tuple of int or None, optional
        The same with the batch axis first, instead of `shape`.

    Examples
    --------
    >>> from convoscope.layers import Conv2D
    >>> from convoscope.models import Sequential
    >>> Sequential([InputLayer((28, 28, 1)), Conv2D(8, 3)]).output_shape
    (None, 26, 26, 8)
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        *,
        batch_shape: Sequence[int | None] | None = None,
        input_shape: Sequence[int | None] | None = None,
        **options: Any,
    ) -> None:
        if batch_shape is not None and shape is None:
            shape = tuple(batch_shape)[1:]
        shape = shape if shape is not None else input_shape
        if shape is None:
            raise ConfigurationError("Input needs the shape of one image, as in Input(shape=(28, 28, 1)).")
        super().__init__(input_shape=shape, **options)
        self.build(self.sample_shape, np.random.default_rng(0))  # nothing is drawn

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    @property
    def sample_shape(self) -> Shape:
        """The shape of one input, without the batch axis."""
        assert self.requested_input_shape is not None  # the constructor refuses to do without
        return self.requested_input_shape

    def other_shapes(self, first: Sequence[Shape], other: Sequence[Shape]) -> tuple[Shape, ...]:
        assert self.other_input_shape is not None
        return (self.other_input_shape,)

    def symbol(self) -> Symbol:
        """Return the input as a symbol: the same one each time, as long as somebody holds it.

        Examples
        --------
        >>> InputLayer((28, 28, 1)).symbol().shape
        (None, 28, 28, 1)
        """
        node = next(iter(self.nodes), None) or Node(self, (), (self.sample_shape,))
        return node.outputs[0]

    def __call__(self, inputs: Any, training: bool | None = None) -> Symbol:
        """Refuse: a model begins here."""
        raise ConfigurationError(f"{self.describe()} is the start of a model and cannot be called.")


def Input(  # noqa: N802 - Keras' name
    shape: Sequence[int | None] | None = None, *, batch_shape: Sequence[int | None] | None = None, **options: Any
) -> Symbol:
    """Begin a model: ``Sequential([Input(shape=(28, 28, 1)), ...])``, or ``y = layer(x)`` with this as ``x``.

    Parameters
    ----------
    shape : tuple of int
        The shape of one input, without the batch axis.
    batch_shape : tuple of int or None, optional
        The same with the batch axis first, instead of `shape`.
    **options
        ``name``.

    Returns
    -------
    Symbol
        What goes in.

    Examples
    --------
    >>> Input(shape=(28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    return InputLayer(shape, batch_shape=batch_shape, **options).symbol()
