"""Where a window stands: sizes of results, and what lies around the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ShapeError, unknown_name

Pair = tuple[int, int]
Sides = tuple[Pair, Pair]  # ((top, bottom), (left, right))
PAD_MODES = {"zeros": "constant", "reflect": "reflect", "edge": "edge"}
_PADDINGS = ("valid", "same", "full")
_MOST = 10_000  # pixels of padding or stride


@dataclass(frozen=True)
class Geometry:
    """How a window moves over an image.

    Attributes
    ----------
    image, window, stride, dilation : (int, int)
        Rows and columns; the window's cells, not the pixels that it covers.
    sides : ((top, bottom), (left, right))
        Pixels of padding.
    positions : (int, int)
        How many positions the window has: the size of the result.
    """

    image: Pair
    window: Pair
    stride: Pair
    dilation: Pair
    sides: Sides
    positions: Pair

    @property
    def covered(self) -> Pair:
        """The pixels that the window covers, dilation included."""
        return _covered(self.window, self.dilation)

    def rows_and_columns(self, row: int, column: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return which of the image's rows and columns lie under the window's cells; some may be outside."""
        rows = row * self.stride[0] - self.sides[0][0] + np.arange(self.window[0]) * self.dilation[0]
        columns = column * self.stride[1] - self.sides[1][0] + np.arange(self.window[1]) * self.dilation[1]
        return rows, columns

    def formula(self) -> str:
        """Write how the size comes about, once for each axis that differs.

        Examples
        --------
        >>> plan((512, 512), (3, 3), 2, "valid").formula()
        '⌊(512 − 3) / 2⌋ + 1 = 255'
        """
        lines = []
        for axis in range(2):
            pads = sum(self.sides[axis])
            padded = f"{self.image[axis]} + {pads}" if pads else f"{self.image[axis]}"
            room = self.image[axis] + pads - self.covered[axis]
            steps = f"({padded} − {self.covered[axis]}) / {self.stride[axis]}"
            steps = f"⌊{steps}⌋" if room % self.stride[axis] else steps
            lines.append(f"{steps} + 1 = {self.positions[axis]}")
        return lines[0] if lines[0] == lines[1] else f"rows: {lines[0]}; columns: {lines[1]}"


def plan(image: Pair, window: Pair, stride: Any = 1, padding: Any = "valid", dilation: Any = 1) -> Geometry:
    """Work out where a window goes, or say that it does not fit."""
    strides, dilations = pair(stride, "stride"), pair(dilation, "dilation")
    covered = _covered(window, dilations)
    sides = _sides(image, covered, strides, padding)
    rows, columns = (
        (image[axis] + sum(sides[axis]) - covered[axis]) // strides[axis] + 1
        if image[axis] + sum(sides[axis]) >= covered[axis]
        else 0
        for axis in range(2)
    )
    if rows < 1 or columns < 1:
        raise ShapeError(
            f"A window of {covered[0]}×{covered[1]} pixels does not fit into an image of "
            f"{image[0]}×{image[1]}{' with its padding' if sides != ((0, 0), (0, 0)) else ''}. Use a larger image, a "
            "smaller window, or padding='same'."
        )
    return Geometry(image, window, strides, dilations, sides, (rows, columns))


def pair(value: Any, what: str, least: int = 1) -> Pair:
    """Return a number for both axes as a pair, or say what is wrong with it."""
    numbers = (value, value) if isinstance(value, int | np.integer) else value
    try:
        first, second = (whole(number, what, least) for number in numbers)
    except (TypeError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(
            f"{what} must be a whole number or a pair for rows and columns, but is {value!r}."
        ) from None
    return first, second


def whole(number: Any, what: str, least: int) -> int:
    """Return a whole number in range, or say what is wrong with it."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or not least <= number <= _MOST:
        raise ConfigurationError(f"{what} is a whole number from {least} to {_MOST}, but got {number!r}.")
    return int(number)


def pad(image: npt.NDArray[Any], sides: Sides, pad_mode: str) -> npt.NDArray[Any]:
    """Put pixels around an image (height, width, channels)."""
    if pad_mode not in PAD_MODES:
        raise unknown_name("pad mode", pad_mode, PAD_MODES)
    if sides == ((0, 0), (0, 0)):
        return image
    mode: Any = PAD_MODES[pad_mode]
    return np.pad(image, (*sides, (0, 0)), mode)


def _covered(window: Pair, dilation: Pair) -> Pair:
    return (window[0] - 1) * dilation[0] + 1, (window[1] - 1) * dilation[1] + 1


def _sides(image: Pair, covered: Pair, strides: Pair, padding: Any) -> Sides:
    if isinstance(padding, str):
        if padding not in _PADDINGS:
            raise unknown_name("padding", padding, _PADDINGS)
        first, second = (_named(padding, *numbers) for numbers in zip(image, covered, strides, strict=True))
        return first, second
    if isinstance(padding, int | np.integer):
        amount = whole(padding, "padding", 0)
        return (amount, amount), (amount, amount)
    try:
        rows, columns = padding
    except (TypeError, ValueError):
        raise ConfigurationError(
            "padding is 'valid', 'same', 'full', a number of pixels, a pair for rows and columns, or "
            f"((top, bottom), (left, right)), but is {padding!r}."
        ) from None
    return pair(rows, "padding", 0), pair(columns, "padding", 0)


def _named(padding: str, length: int, covered: int, stride: int) -> Pair:
    if padding == "valid":
        return 0, 0
    if padding == "full":
        return covered - 1, covered - 1
    total = max((-(-length // stride) - 1) * stride + covered - length, 0)
    return total // 2, total - total // 2  # an odd one goes after, as in TensorFlow
