"""Which size and colour images are scaled to, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope.datasets.folder.colours import edge_colour
from convoscope.datasets.folder.opening import upright_size
from convoscope.datasets.folder.reading import read_colours
from convoscope.datasets.images.fitting import Letterbox
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConfigurationError, ConvoscopeError, unknown_name

GREY, COLOUR = "grayscale", "rgb"
_CHANNELS = {GREY: 1, COLOUR: 3}
_MOST_SIZES, _MOST_DECODED = 2_000, 200
_SIDES = (32, 48, 64)
_SMALLEST, _LARGEST = 8, 1024
_COLOURED = 16  # levels between the channels of one pixel; JPEG gives grey images a few
_COLOURED_PIXELS = 0.005
_COLOUR_SHARE = 0.05
_LIGHT = 127.5


@dataclass(frozen=True)
class Form:
    """What every image becomes.

    Attributes
    ----------
    height, width, channels : int
    background : int
        0 or 255: what is put behind transparent parts.
    size_reason, colour_reason : str
        Why, in a sentence.
    max_pixels : int, optional
        How many pixels an image may have to be read at all, where that is not the default.
    fit, resize, interpolation
        How images get into the size: see `convoscope.Preprocessing`.
    """

    height: int
    width: int
    channels: int
    background: int
    size_reason: str
    colour_reason: str
    max_pixels: int | None = None
    fit: str = "letterbox"
    resize: int | None = None
    interpolation: str = "bilinear"

    @property
    def preprocessing(self) -> Preprocessing:
        """The same as what is done to every image."""
        return Preprocessing(
            (self.height, self.width),
            channels=self.channels,
            fit=self.fit,
            resize=self.resize,
            interpolation=self.interpolation,
            background=self.background,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(height, width, channels)``"""
        return self.height, self.width, self.channels


def as_size(image_size: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Check ``image_size``: a side, or (height, width).

    Examples
    --------
    >>> as_size(32)
    (32, 32)
    """
    if image_size is None:
        return None
    sides = tuple(image_size) if isinstance(image_size, Sequence) else (image_size, image_size)
    if len(sides) != 2 or not all(isinstance(side, int) and _SMALLEST <= side <= _LARGEST for side in sides):
        raise ConfigurationError(
            f"image_size must be a side or (height, width) of {_SMALLEST} to {_LARGEST} pixels, but is "
            f"{image_size!r}. Use 64, for example."
        )
    return sides[0], sides[1]


def as_channels(color_mode: str | None) -> int | None:
    """Check ``color_mode``, and give its number of channels."""
    if color_mode is None:
        return None
    if color_mode not in _CHANNELS:
        raise unknown_name("color_mode", color_mode, _CHANNELS)
    return _CHANNELS[color_mode]


def choose_form(
    paths: Sequence[Path],
    size: tuple[int, int] | None,
    channels: int | None,
    executor: Executor,
    max_pixels: int | None = None,
) -> Form | None:
    """Choose size and colour from a sample of the images, evenly spread; None if none of them can be read.

    Parameters
    ----------
    paths : sequence of Path
    size : (height, width), optional
        What was asked for.
    channels : {1, 3}, optional
        What was asked for.
    executor : Executor
        Where the sample is read.
    max_pixels : int, optional
        How many pixels an image may have, where that is not the default.

    Notes
    -----
    Images of one size with no side above 64 keep it. Else the shorter side becomes the largest of 32, 48 and 64 that
    the median image has, square unless all have the same proportions; images smaller than that keep their median.
    In colour where more than one image in twenty has colour: a pixel in 200 whose channels are 16 levels apart.
    """
    size_of, look_at = partial(_size, max_pixels=max_pixels), partial(_look, max_pixels=max_pixels)
    sizes = [found for found in executor.map(size_of, _spread(paths, _MOST_SIZES)) if found is not None]
    looks = [look for look in executor.map(look_at, _spread(paths, _MOST_DECODED)) if look is not None]
    if not sizes or not looks:
        return None
    chosen, size_reason = (size, "asked for") if size else _choose_size(np.array(sizes))
    coloured = sum(look.coloured for look in looks)
    if channels is None:
        channels = 3 if coloured > _COLOUR_SHARE * len(looks) else 1
        colour_reason = f"{coloured} of {len(looks)} images examined have colour"
    else:
        colour_reason = "asked for"
    edges = [look.edge for look in looks if look.edge is not None]
    background = 255 if not edges or float(np.median(edges)) > _LIGHT else 0
    return Form(*chosen, channels, background, size_reason, colour_reason, max_pixels)


def likely_size(paths: Sequence[Path], max_pixels: int | None = None) -> tuple[int, int] | None:
    """Return the (height, width) that `choose_form` would choose for images, from the heads of their files.

    None if none of them can be read.
    """
    sizes = [found for path in _spread(paths, _MOST_SIZES) if (found := _size(path, max_pixels)) is not None]
    return _choose_size(np.array(sizes))[0] if sizes else None


def in_colour(paths: Sequence[Path], max_pixels: int | None = None) -> bool | None:
    """Say whether `choose_form` would choose colour for images; it decodes no more of them than it takes to tell.

    None if none of them can be read.
    """
    sample = _spread(paths, _MOST_DECODED)
    coloured = seen = 0
    for path in sample:
        if (look := _look(path, max_pixels)) is not None:
            seen += 1
            coloured += look.coloured
        if coloured > _COLOUR_SHARE * len(sample):
            return True
    return coloured > _COLOUR_SHARE * seen if seen else None


@dataclass(frozen=True)
class _Look:
    coloured: bool
    edge: float | None  # None of a transparent image, whose edges are not its own


def _spread(paths: Sequence[Path], most: int) -> list[Path]:
    indices = np.unique(np.linspace(0, len(paths) - 1, min(most, len(paths))).round().astype(int))
    return [paths[index] for index in indices]


def _size(path: Path, max_pixels: int | None) -> tuple[int, int] | None:
    """Read (height, width) from a file's head, upright."""
    try:
        return upright_size(path, max_pixels)
    except ConvoscopeError:
        return None  # to be named when it is read


def _look(path: Path, max_pixels: int | None) -> _Look | None:
    try:
        read = read_colours(path, 3, 255, Letterbox((_SIDES[-1], _SIDES[-1])), max_pixels)
    except ConvoscopeError:
        return None
    edge = None if read.transparent else float(edge_colour(read.image).mean())
    return _Look(has_colour(np.asarray(read.image)), edge)


def has_colour(pixels: npt.NDArray[np.uint8]) -> bool:
    """Say whether an image (height, width, 3) shows more than grey."""
    apart = pixels.max(axis=2) - pixels.min(axis=2)
    return bool((apart > _COLOURED).mean() > _COLOURED_PIXELS)


def _choose_size(sizes: npt.NDArray[np.int64]) -> tuple[tuple[int, int], str]:
    """Choose from sizes (N, 2) of height and width."""
    (height, width), different = sizes[0], len(np.unique(sizes, axis=0))
    if different == 1 and min(height, width) >= _SMALLEST and max(height, width) <= _SIDES[-1]:
        return (int(height), int(width)), f"all images are {width} × {height} pixels"
    shorter = sizes.min(axis=1)
    median = int(np.median(shorter))
    side = max((known for known in _SIDES if known <= median), default=max(_SMALLEST, median))
    ratio = sizes[:, 1] / sizes[:, 0]
    if math.isclose(ratio.min(), ratio.max(), rel_tol=0.01) and 0.5 <= ratio[0] <= 2:
        chosen = (round(side / ratio[0]), side) if ratio[0] < 1 else (side, round(side * ratio[0]))
    else:
        chosen = (side, side)
    spread = (
        f"{median} pixels" if different == 1 else f"{shorter.min()} to {shorter.max()} pixels, half {median} or more"
    )
    limit = "a small network trains quickly on" if side == _SIDES[-1] else "most of them have"
    return chosen, f"the shorter sides are {spread}, and {side} is the largest side that {limit}"
