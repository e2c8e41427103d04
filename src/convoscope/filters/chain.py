"""Filters and poolings one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError
from convoscope.filters import pooling
from convoscope.filters.convolution import convolve
from convoscope.filters.explanation import explain
from convoscope.filters.geometry import Geometry, plan
from convoscope.filters.images import take_apart
from convoscope.filters.named import get, names

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Filter:
    """A convolution to be done: a kernel, as `get` takes it, and options of `convolve`."""

    kernel: Any
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A short name, fit for a file's."""
        known = isinstance(self.kernel, str) and (self.kernel in names() or ":" in self.kernel)
        return str(self.kernel).replace(":", "-") if known else "kernel"

    def apply(self, image: npt.ArrayLike) -> Array:
        """Return the filtered image."""
        return convolve(image, self.kernel, **self.options)

    def geometry(self, image: npt.ArrayLike) -> Geometry:
        """Return where the kernel goes."""
        shape = take_apart(image, self.options.get("alpha")).colours.shape
        moves = {what: self.options[what] for what in ("stride", "padding", "dilation") if what in self.options}
        return plan((shape[0], shape[1]), get(self.kernel).shape, **moves)

    def explain(self, image: npt.ArrayLike, row: int, column: int) -> str:
        """Write one new pixel's arithmetic."""
        return str(explain(image, self.kernel, row, column, **self.options))


@dataclass(frozen=True)
class Pooling:
    """A pooling to be done, with the options of `pool`."""

    size: Any = 2
    stride: Any = None
    mode: str = "max"
    padding: Any = "valid"

    @property
    def name(self) -> str:
        """A short name, fit for a file's."""
        return f"{self.mode}-pool"

    def apply(self, image: npt.ArrayLike) -> Array:
        """Return the pooled image."""
        return pooling.pool(image, self.size, self.stride, self.mode, self.padding)

    def geometry(self, image: npt.ArrayLike) -> Geometry:
        """Return where the windows are."""
        return pooling.windows(take_apart(image, None).colours.shape, self.size, self.stride, self.padding)

    def explain(self, image: npt.ArrayLike, row: int, column: int) -> str:
        """Write which pixels a window has, and which it keeps."""
        return pooling.explain_window(image, row, column, self.size, self.stride, self.mode, self.padding)


Step = Filter | Pooling


def run(image: npt.ArrayLike, steps: Sequence[Step]) -> list[Array]:
    """Do steps one after the other, and return the image and what each step made.

    Examples
    --------
    >>> image = np.zeros((28, 28), np.uint8)
    >>> [made.shape for made in run(image, [Filter("sobel-x"), Pooling()])]
    [(28, 28), (26, 26), (13, 13)]
    """
    images = [np.asarray(image)]
    for step in steps:
        images.append(step.apply(images[-1]))
    return images


def pooling_from(text: str) -> Pooling:
    """Read a pooling from text: its mode, its size, and its stride if that differs.

    Examples
    --------
    >>> pooling_from("max:2")
    Pooling(size=2, stride=None, mode='max', padding='valid')
    >>> pooling_from("average:3:1").stride
    1
    """
    mode, *numbers = text.strip().split(":")
    if len(numbers) > 2 or not all(number.isdecimal() for number in numbers):
        raise ConfigurationError(f"{text!r} is not a pooling. Write its mode and size, such as max:2 or average:3:1.")
    sizes = [int(number) for number in numbers]
    return Pooling(sizes[0] if sizes else 2, sizes[1] if len(sizes) == 2 else None, mode)
