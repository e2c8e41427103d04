"""``Preprocessing``: the one way in which an image becomes what a model takes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import integer, real
from convoscope.datasets.folder.colours import edge_colour
from convoscope.datasets.folder.reading import read_colours
from convoscope.datasets.images.fitting import FITS, INTERPOLATIONS, Fit, fit_named
from convoscope.datasets.images.sources import source_of
from convoscope.errors import ConfigurationError, ConvoscopeError, unknown_name
from convoscope.wording import with_article

_LIGHT = 0.5
_CLEARLY_DIFFERENT = 0.5
_PLAIN = 0.2  # this near to black or white are the edges of drawings; photos have all kinds of edges
_WAITING = 4  # images for each thread that may be prepared before they are taken
_LARGEST_SIDE = 1 << 14
_LARGEST_VALUE = 65_535
_ERRORS = ("raise", "return")


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image as a model takes it.

    Attributes
    ----------
    name : str
        Its file, or what messages call it.
    pixels : array of uint8, shape (height, width, channels)
        From 0 to the largest value that the model knows; of float32 where that is 1 or less, or above 255.
    notes : list of str
        What was done to it, in order.
    hint : str or None
        What is unusual about it, and what to do.
    """

    name: str
    pixels: npt.NDArray[Any]
    notes: list[str] = field(default_factory=list)
    hint: str | None = None


class Preprocessing:
    """How images are prepared for a model.

    It is the same for the training images and for those that the model predicts, wherever they come from: a file, its
    bytes, Pillow, or an array. A model's file contains it.

    Parameters
    ----------
    size : int or (height, width)
        The size that images are scaled to.
    channels : {3, 1}
        Colour or grey.
    fit : {"letterbox", "crop", "stretch"}
        How images are fitted to that size. ``"letterbox"``: whole, with their aspect ratio, and the rest filled in the
        colour of their edges. ``"crop"``: their centre. ``"stretch"``: whole, without their aspect ratio.
    resize : int, optional
        With ``"crop"``: the length of the shorter side before the centre is cropped, such as 256 for a `size` of 224.
        If left out, the crop is as large as possible.
    interpolation : {"bilinear", "bicubic", "lanczos"}
        Pillow's filters. All of them average when an image is made smaller.
    max_value : float
        The largest value: 255 for a model that scales its inputs itself.
    edge : float, optional
        The mean brightness of the training images' edges, from 0 to 1. An image that differs much gets a hint.
    background : int, optional
        0 to 255: the colour behind transparent parts. If left out, black or white, whichever is nearer to `edge`.

    Examples
    --------
    >>> preprocessing = Preprocessing(4, channels=1, fit="crop")
    >>> photo = np.full((30, 50, 3), 200, np.uint8)
    >>> preprocessing.prepare(photo).pixels.shape, preprocessing.prepare(photo).notes[-1]
    ((4, 4, 1), 'sides cropped to keep its proportions')
    >>> Preprocessing.from_dict(preprocessing.as_dict()) == preprocessing
    True
    """

    def __init__(
        self,
        size: int | Sequence[int],
        *,
        channels: int = 3,
        fit: str = "letterbox",
        resize: int | None = None,
        interpolation: str = "bilinear",
        max_value: float = 255,
        edge: float | None = None,
        background: int | None = None,
    ) -> None:
        self.height, self.width = _sides(size)
        self.channels = integer(channels, "channels", "Preprocessing")
        if self.channels not in (1, 3):
            raise ConfigurationError(f"Preprocessing: channels is 3 (colour) or 1 (grey), but is {channels!r}.")
        self.fit = fit_named(fit).name
        if interpolation not in INTERPOLATIONS:
            raise unknown_name("interpolation", interpolation, INTERPOLATIONS)
        self.interpolation = interpolation
        self.resize = None if resize is None else integer(resize, "resize", "Preprocessing")
        shorter = min(self.height, self.width)
        if self.resize is not None and (self.fit != "crop" or not shorter <= self.resize <= _LARGEST_SIDE):
            raise ConfigurationError(
                f"Preprocessing: resize is for fit='crop', and {shorter} or more for images of {self.width} × "
                f"{self.height}, but is {resize!r} with fit={fit!r}."
            )
        self.max_value = _whole_if_it_is(real(max_value, "max_value", "Preprocessing"))
        if not 0 < self.max_value <= _LARGEST_VALUE:
            raise ConfigurationError(
                f"Preprocessing: max_value must be above 0 and at most {_LARGEST_VALUE:,}, but is {max_value!r}."
            )
        self.edge = None if edge is None else real(edge, "edge", "Preprocessing")
        self.background = None if background is None else integer(background, "background", "Preprocessing", minimum=0)
        if self.background is not None and not 0 <= self.background <= 255:
            raise ConfigurationError(f"Preprocessing: background must be 0 to 255, but is {background!r}.")

    # ---- files

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Preprocessing:
        """Make a preprocessing from what a model's file says: ``model.preprocessing``.

        Files of earlier versions do not say everything: missing settings get the defaults of that version.

        Examples
        --------
        >>> Preprocessing.from_dict({"height": 4, "width": 6, "channels": 1}).shape
        (4, 6, 1)
        """
        options = {name: told[name] for name in _OPTIONS if told.get(name) is not None}
        try:
            return cls((told["height"], told["width"]), **options)
        except KeyError as error:
            raise ConfigurationError(f"The model's preprocessing lacks {error}: it contains {dict(told)!r}.") from error

    def as_dict(self) -> dict[str, Any]:
        """Return all settings as plain values, for ``model.preprocessing``.

        Examples
        --------
        >>> Preprocessing((4, 6), fit="crop").as_dict()["fit"]
        'crop'
        """
        told = {"height": self.height, "width": self.width} | {name: getattr(self, name) for name in _OPTIONS}
        return {name: value for name, value in told.items() if value is not None}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Preprocessing) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(tuple(self.as_dict().items()))

    def __repr__(self) -> str:
        told = self.as_dict()
        size = told.pop("height"), told.pop("width")
        return f"Preprocessing({size}, {', '.join(f'{name}={value!r}' for name, value in told.items())})"

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(height, width, channels)`` of what is prepared."""
        return self.height, self.width, self.channels

    @property
    def way(self) -> Fit:
        """How images are brought to the size."""
        return fit_named(self.fit)((self.width, self.height), self.resize, self.interpolation)

    # ---- images

    def prepare(self, image: Any, *, invert: bool = False, max_pixels: int | None = None) -> Prepared:
        """Bring an image of any size and colour mode into this form.

        Parameters
        ----------
        image : path, bytes, file, Image or array
            A Pillow image that was only opened is read like its file; any other is used as it is, whatever its EXIF
            orientation says. An array (height, width) or (height, width, channels) that already has the size and
            channels is used unchanged, without resizing.
        invert : bool
            Whether dark and light are swapped.
        max_pixels : int, optional
            How many pixels it may have: 50 million if left out, a JPEG after it was decoded at a smaller scale.

        Returns
        -------
        Prepared

        Raises
        ------
        MissingFileError
            If there is no such file, or it is a folder, a pipe or a device.
        FileFormatError
            If it is not an image, is damaged, or has too many pixels.
        DataError, ShapeError
            If it has values that are not numbers, or an array does not have the values or the shape of an image.

        Examples
        --------
        >>> prepared = Preprocessing(4, channels=1).prepare(np.full((30, 60, 3), 200, np.uint8))
        >>> prepared.pixels.shape, prepared.pixels.dtype
        ((4, 4, 1), dtype('uint8'))
        """
        source = source_of(image)
        name = str(source.name)
        ready = None if invert else source.ready(self.shape, self.max_value)
        if ready is not None:
            return Prepared(name, ready, [f"used unchanged, {self.width}×{self.height}"])
        way = self.way
        read = read_colours(source, self.channels, self._background, way, max_pixels)
        found, notes = read.image, read.notes
        if invert:
            from PIL import ImageOps

            found = ImageOps.invert(found)
            notes.append("inverted")
        edge = edge_colour(found)
        found = way.fitted(found, edge, notes, read.proportions)
        pixels = self._scaled(np.asarray(found).reshape(self.shape), notes)
        return Prepared(name, pixels, notes, self._hint(float(np.mean(edge)) / 255))

    def prepare_each(
        self,
        images: Iterable[Any],
        *,
        invert: bool = False,
        max_pixels: int | None = None,
        threads: int | None = None,
        errors: str = "raise",
        ahead: int | None = None,
    ) -> Iterator[Prepared | ConvoscopeError]:
        """Prepare images in several threads, and yield them in order; only a few wait in memory at a time.

        Parameters
        ----------
        images : iterable
            Whatever `prepare` takes; the next ones are requested only as results are taken.
        invert, max_pixels
            See `prepare`.
        threads : int, optional
            One for each core if left out. Pillow releases Python's lock while it decodes and resizes.
        errors : {"raise", "return"}
            Whether an error in an image ends the iteration, or is returned in the image's place.
        ahead : int, optional
            How many images may wait to be taken: 4 for each thread if left out. If you take them in batches, let two
            batches wait, so that one is decoded while the other is predicted.

        Examples
        --------
        >>> photos = [np.zeros((30, 20, 3), np.uint8), "no-such-file.png"]
        >>> [type(each).__name__ for each in Preprocessing(4).prepare_each(photos, errors="return")]
        ['Prepared', 'MissingFileError']
        """
        if errors not in _ERRORS:
            raise unknown_name("errors", errors, _ERRORS)
        if isinstance(images, (str, bytes, os.PathLike)) or not hasattr(images, "__iter__"):
            raise ConfigurationError(
                f"Images must be a list, an array or another iterable, but got {with_article(type(images).__name__)}. "
                "Put a single image into a list: [image]."
            )
        count = threads or os.cpu_count() or 1
        most = _WAITING * count if ahead is None else max(count, ahead)
        waiting: deque[Future[Prepared | ConvoscopeError]] = deque()

        def attempt(image: Any, number: int) -> Prepared | ConvoscopeError:
            try:
                return self.prepare(source_of(image, f"image {number}"), invert=invert, max_pixels=max_pixels)
            except ConvoscopeError as error:
                if errors == "raise":
                    raise
                return error

        with ThreadPoolExecutor(count) as executor:
            try:
                for number, image in enumerate(images):
                    waiting.append(executor.submit(attempt, image, number))
                    if len(waiting) >= most:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for each in waiting:
                    each.cancel()

    def prepare_all(
        self, images: Iterable[Any], *, threads: int | None = None, max_pixels: int | None = None
    ) -> npt.NDArray[Any]:
        """Prepare images in several threads, and return them in one array, (N, height, width, channels).

        See `prepare_each`; an image that cannot be read is an error.

        Examples
        --------
        >>> Preprocessing(4).prepare_all([np.zeros((30, 20, 3), np.uint8), np.zeros((9, 9, 3), np.uint8)]).shape
        (2, 4, 4, 3)
        """
        each = self.prepare_each(images, threads=threads, max_pixels=max_pixels)
        found = [prepared.pixels for prepared in each if isinstance(prepared, Prepared)]
        return np.stack(found) if found else np.zeros((0, *self.shape), self._dtype)

    @property
    def _dtype(self) -> type[np.generic]:
        return np.uint8 if 1 < self.max_value <= 255 else np.float32

    @property
    def _background(self) -> int:
        if self.background is not None:
            return self.background
        return 255 if (self.edge or 0.0) >= _LIGHT else 0

    def _scaled(self, pixels: npt.NDArray[np.uint8], notes: list[str]) -> npt.NDArray[Any]:
        if self.max_value != 255:
            notes.append(f"values scaled from 0..255 to 0..{self.max_value:g}")
        return self.scaled(pixels)

    def scaled(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """Scale values of 0 to 255 to 0 to `max_value`: all that is left to do for an image of the right size.

        Examples
        --------
        >>> Preprocessing(28, max_value=1).scaled(np.array([0, 51, 255], np.uint8))
        array([0. , 0.2, 1. ], dtype=float32)
        """
        if self.max_value == 255:
            return pixels
        scaled = pixels * (self.max_value / 255)
        return np.rint(scaled).astype(np.uint8) if self._dtype == np.uint8 else scaled.astype(np.float32)

    def _hint(self, edge: float) -> str | None:
        if self.edge is None or abs(edge - self.edge) < _CLEARLY_DIFFERENT:
            return None
        if _PLAIN < self.edge < 1 - _PLAIN:
            return None
        found, usual = ("light", "dark") if edge > self.edge else ("dark", "light")
        return (
            f"its edges are {found}, but those of the training images are {usual}: try inverting it (invert=True, "
            "--invert)"
        )


_OPTIONS = ("channels", "fit", "resize", "interpolation", "max_value", "edge", "background")


def _whole_if_it_is(value: float) -> float:
    return int(value) if value.is_integer() else value


def _sides(size: int | Sequence[int]) -> tuple[int, int]:
    sides = (size, size) if isinstance(size, (int, np.integer)) else tuple(size)
    if len(sides) != 2:
        raise ConfigurationError(f"Preprocessing: size is a side or (height, width), but is {size!r}.")
    height, width = (integer(side, "size", "Preprocessing", minimum=1) for side in sides)
    if max(height, width) > _LARGEST_SIDE:
        raise ConfigurationError(f"Preprocessing: size is at most {_LARGEST_SIDE} pixels a side, but is {size!r}.")
    return height, width


__all__ = ["FITS", "INTERPOLATIONS", "Prepared", "Preprocessing"]
