"""How an image of any proportions gets into a model's size: bordered, cut, or stretched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.errors import unknown_name

if TYPE_CHECKING:
    from PIL.Image import Image

Size = tuple[int, int]  # (width, height)
#: Pillow's filters for resizing, all of which average where an image becomes smaller.
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos")
_KEPT = 8  # times the pixels a side that are needed: the rest is done by a better filter than averaging


class Fit(ABC):
    """A way into a size.

    Parameters
    ----------
    size : (width, height)
        The size that images are scaled to.
    resize : int, optional
        Only for `Crop`.
    interpolation : {"bilinear", "bicubic", "lanczos"}
    """

    #: How people name it.
    name: str

    def __init__(self, size: Size, resize: int | None = None, interpolation: str = "bilinear") -> None:
        self.size, self.resize, self.interpolation = size, resize, interpolation

    @property
    def least(self) -> int:
        """Pixels a side that are needed: what is decoded at reduced scale has at least twice as many."""
        return max(self.size)

    @abstractmethod
    def blocks(self, size: Size) -> Size:
        """Return how many pixels (across, down) of a large image may become one, their mean, before it is resized."""

    @abstractmethod
    def fitted(self, image: Image, edge: npt.NDArray[np.float64], notes: list[str], proportions: Size) -> Image:
        """Bring an image to the size.

        Parameters
        ----------
        image : Image
        edge : array, shape (channels,)
            The colour of its edges.
        notes : list of str
            What was done is added to them.
        proportions : (width, height)
            Those of the image, which may have been rounded when it was made smaller.
        """

    def _resized(self, image: Image, size: Size, box: tuple[float, float, float, float] | None = None) -> Image:
        from PIL.Image import Resampling

        return image.resize(size, Resampling[self.interpolation.upper()], box)

    def _named(self, notes: list[str], proportions: Size, otherwise: str) -> None:
        (width, height), (across, down) = self.size, proportions
        notes.append(f"resized to {width}×{height}")
        if across * height != down * width:
            notes.append(otherwise)


class Letterbox(Fit):
    """The whole image, in its proportions; the rest is filled in the colour of its edges."""

    name = "letterbox"

    def blocks(self, size: Size) -> Size:
        step = max(1, max(size) // (_KEPT * self.least))
        return min(step, size[0]), min(step, size[1])

    def fitted(self, image: Image, edge: npt.NDArray[np.float64], notes: list[str], proportions: Size) -> Image:
        import PIL.Image

        if image.size == self.size:
            return image
        width, height = proportions
        scale = min(self.size[0] / width, self.size[1] / height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        colour = tuple(int(value) for value in edge)
        fitted = PIL.Image.new(image.mode, self.size, colour[0] if len(colour) == 1 else colour)
        corner = ((self.size[0] - inner[0]) // 2, (self.size[1] - inner[1]) // 2)
        fitted.paste(self._resized(image, inner), corner)
        self._named(notes, proportions, "edges padded to keep the proportions")
        return fitted


class Crop(Fit):
    """The middle, in its proportions.

    `resize` pixels become the shorter side before the middle is cut out of it, as published networks have it (256 for
    224); left out, the middle is as large as it can be. Of a size that is not square, its own shorter side counts.
    """

    name = "crop"

    @property
    def least(self) -> int:
        return max(self._covered)

    @property
    def _covered(self) -> Size:
        """Return what a scaled image covers at least, before the middle is cut out of it."""
        width, height = self.size
        if self.resize is None:
            return self.size
        ratio = self.resize / min(self.size)
        return int(width * ratio), int(height * ratio)

    def blocks(self, size: Size) -> Size:
        step = max(1, min(size) // (_KEPT * self.least))
        return step, step

    def fitted(self, image: Image, edge: npt.NDArray[np.float64], notes: list[str], proportions: Size) -> Image:
        covered, (width, height) = self._covered, proportions
        if width * covered[1] <= height * covered[0]:  # the width decides
            scaled = covered[0], max(covered[1], int(covered[0] * height / width))
        else:
            scaled = max(covered[0], int(covered[1] * width / height)), covered[1]
        if image.size == scaled == self.size:
            return image
        # Cutting is part of resizing: a thin strip would become very long.
        left, top = (round((whole - part) / 2) for whole, part in zip(scaled, self.size, strict=True))
        across, down = image.width / scaled[0], image.height / scaled[1]
        box = (left * across, top * down, (left + self.size[0]) * across, (top + self.size[1]) * down)
        right, bottom = min(box[2], image.width), min(box[3], image.height)  # but for rounding they are within
        fitted = self._resized(image, self.size, (box[0], box[1], right, bottom))
        self._named(notes, proportions, "sides cropped to keep its proportions")
        return fitted


class Stretch(Fit):
    """The whole image, without its proportions."""

    name = "stretch"

    def blocks(self, size: Size) -> Size:
        most = _KEPT * self.least
        return max(1, size[0] // most), max(1, size[1] // most)

    def fitted(self, image: Image, edge: npt.NDArray[np.float64], notes: list[str], proportions: Size) -> Image:
        if image.size == self.size:
            return image
        self._named(notes, proportions, "stretched of its proportions")
        return self._resized(image, self.size)


_FITS: dict[str, type[Fit]] = {kind.name: kind for kind in (Letterbox, Crop, Stretch)}
FITS = tuple(_FITS)


def fit_named(name: str) -> type[Fit]:
    """Return the way of that name, or say which there are."""
    if name not in _FITS:
        raise unknown_name("fit", name, FITS)
    return _FITS[name]
