"""Drawings on their way between a page, which has a byte for each pixel, and Python, which has a model's values."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ShapeError
from convoscope.web.explored import Explored

Drawing = npt.NDArray[np.float32]


def as_drawing(given: Any, explored: Explored) -> Drawing:
    """Return a drawing (height, width) in a model's value range, in the 256 steps that the page has.

    Raises
    ------
    ShapeError
        The model takes no images, or several, or images of another size.
    """
    shape = explored.model.plan_input_shapes[0]
    if len(explored.model.plan_input_shapes) > 1 or len(shape) not in (2, 3):
        raise ShapeError(f"A drawing is for a model that takes one image, but this one takes {shape}.")
    drawing = np.asarray(given, np.float32)
    if drawing.shape == (*shape[:2], 1):
        drawing = drawing[..., 0]
    if drawing.shape != tuple(shape[:2]):
        raise ShapeError(
            f"A drawing has the height and width of the model's images, {tuple(shape[:2])}, but this one has the shape "
            f"{np.shape(given)}."
        )
    return values_of(bytes_of(drawing, explored), explored)


def bytes_of(drawing: Drawing, explored: Explored) -> npt.NDArray[np.uint8]:
    """Return a byte for each pixel: 0 is the smallest value of the range, 255 the largest."""
    low, high = explored.input_range
    scaled = (drawing.astype(np.float64) - low) * (255 / ((high - low) or 1.0))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def values_of(greys: npt.NDArray[np.uint8], explored: Explored) -> Drawing:
    """Return the values that the page gives the network for bytes: ``toRange`` of ``static/explorer/images.js``."""
    low, high = explored.input_range
    values = low + (greys / 255.0) * (high - low)
    if high > 1.5 and low == 0 and float(high).is_integer():
        values = np.floor(values + 0.5)
    return values.astype(np.float32)


def to_bytes(drawing: Drawing | None, widget: Any) -> bytes | None:
    """Write a drawing for the page."""
    return None if drawing is None else bytes_of(drawing, widget.explored).tobytes()


def from_bytes(told: Any, widget: Any) -> Drawing | None:
    """Read a drawing from the page."""
    if told is None:
        return None
    shape = widget.model.plan_input_shapes[0]
    return values_of(np.frombuffer(told, np.uint8).reshape(shape[:2]), widget.explored)


def from_values(told: Any, widget: Any) -> npt.NDArray[np.float32] | None:
    """Read an image from the page: float32 values of the model's input shape."""
    return None if told is None else np.frombuffer(told, "<f4").reshape(widget.model.plan_input_shapes[0])
