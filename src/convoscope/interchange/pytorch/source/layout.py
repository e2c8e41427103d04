"""Where PyTorch has the channels: behind the batch axis, in front of an image's rows. Keras has them last.

Values of three axes (height, width, channels) are images, and kept in PyTorch's order from layer to layer. Values of
any other number of axes are in Keras' order, which for one axis is PyTorch's as well.
"""

from __future__ import annotations

from convoscope.types import Shape


def is_image(shape: Shape) -> bool:
    """Return whether a value of that shape, without the batch axis, is kept in PyTorch's order."""
    return len(shape) == 3


def axis_of(axis: int, shape: Shape) -> int:
    """Return where PyTorch has an axis of a value, counted with the batch axis as 0; negative ones count from the end.

    Examples
    --------
    >>> axis_of(-1, (28, 28, 8)), axis_of(1, (28, 28, 8)), axis_of(-1, (10,))
    (1, 2, 1)
    """
    counted = axis + len(shape) + 1 if axis < 0 else axis
    return {1: 2, 2: 3, 3: 1}.get(counted, counted) if is_image(shape) else counted


def to_keras(value: str, shape: Shape) -> str:
    """Return the expression of a value in Keras' order."""
    return f"{value}.permute(0, 2, 3, 1)" if is_image(shape) else value


def from_keras(value: str, shape: Shape) -> str:
    """Return the expression of a value that is in Keras' order, as it is kept."""
    return f"{value}.permute(0, 3, 1, 2)" if is_image(shape) else value
