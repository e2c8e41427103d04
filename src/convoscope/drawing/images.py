"""Images, maps and kernels in figures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convoscope.drawing.look import new_figure, plain
from convoscope.engine.base import Array


def figure(rows: int, columns: int, *, size: float = 1.4, title: str | None = None) -> tuple[Any, Any]:
    """Return a new figure and its axes, an array (rows, columns), without ticks.

    Raises
    ------
    NotReadyError
        If matplotlib is not installed.
    """
    made, axes = new_figure(rows, columns, size * columns + 0.6, size * rows + 0.6)
    for each in axes.flat:
        each.set_xticks([])
        each.set_yticks([])
    if title:
        made.suptitle(plain(title))
    return made, axes


def grid(count: int, *, most: int = 8) -> tuple[int, int]:
    """Return rows and columns for that many pictures, nearly a square, at most `most` in a row.

    Examples
    --------
    >>> grid(6), grid(64)
    ((2, 3), (8, 8))
    """
    columns = max(1, min(most, math.ceil(math.sqrt(count))))
    return max(1, -(-count // columns)), columns


def as_image(values: Array) -> Array:
    """Return one input in a form that can be shown: (height, width) or, in colours from 0 to 1, (height, width, 3)."""
    shown = np.asarray(values, np.float32)
    if shown.ndim == 1:
        side = math.isqrt(len(shown))
        return shown.reshape(side, side) if side * side == len(shown) else shown[None]
    if shown.ndim == 3 and shown.shape[2] == 3:
        low, high = min(0.0, float(shown.min())), float(shown.max())
        scale = 1.0 if low == 0.0 and high <= 1.0 else max(high, 255.0 if low == 0.0 else 0.0) - low
        return np.asarray(np.clip((shown - low) / (scale or 1.0), 0.0, 1.0))
    return shown if shown.ndim == 2 else np.asarray(shown.mean(axis=2))


def show_image(axes: Any, values: Array) -> None:
    """Show one input."""
    axes.imshow(as_image(values), cmap="gray")


def show_overlay(axes: Any, image: Array, heat: Array, *, cmap: str, low: float, high: float) -> Any:
    """Show an input in grey with a map of any resolution over it; return what a colour bar needs."""
    shown = as_image(image)
    grey = shown if shown.ndim == 2 else shown.mean(axis=2)
    height, width = grey.shape
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(grey, cmap="gray", extent=extent)
    return axes.imshow(heat, cmap=cmap, vmin=low, vmax=high, alpha=0.6, extent=extent, interpolation="bilinear")


def hide_unused(axes: Any, used: int) -> None:
    """Take away the axes that hold nothing."""
    for each in list(axes.flat)[used:]:
        each.set_axis_off()
