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
    """How an image becomes what a model takes.

    The same for the images of a folder that a model is trained on and for those that it predicts, wherever they come
    from: a file, the bytes of one, Pillow, or an array. A model keeps it in its file.

    Parameters
    ----------
    size : int or (height, width)
        What images are brought to.
    channels : {3, 1}
        Colour or grey.
    fit : {"letterbox", "crop", "stretch"}
        How they get into that size. ``"letterbox"``: whole, in their proportions, the rest filled in the colour of
        their edges. ``"crop"``: their middle. ``"stretch"``: whole, without their proportions.
    resize : int, optional
        With ``"crop"``: the pixels of the shorter side before the middle is cut out, such as 256 for a `size` of 224.
        Left out, the middle is as large as it can be.
    interpolation : {"bilinear", "bicubic", "lanczos"}
        Pillow's filters. All of them average where an image becomes smaller.
    max_value : float
        The largest value: 255 for a model that scales its inputs itself.
    edge : float, optional
        How light the edges of the training images are, from 0 to 1. An image that is quite different gets a hint.
    background : int, optional
        0 to 255: what is put behind transparent parts. Left out: black or white, whichever `edge` is nearer to.

    Examples
    --------
    >>> preprocessing = Preprocessing(4, channels=1, fit="crop")
    >>> photo = np.full((30, 50, 3), 200, np.uint8)
    >>> preprocessing.prepare(photo).pixels.shape, preprocessing.prepare(photo).notes[-1]
    ((4, 4, 1), 'sides cut off to keep its proportions')
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
                f"Preprocessing: max_value is above 0 and at most {_LARGEST_VALUE:,}, but is {max_value!r}."
            )
        self.edge = None if edge is None else real(edge, "edge", "Preprocessing")
        self.background = None if background is None else integer(background, "background", "Preprocessing", minimum=0)
        if self.background is not None and not 0 <= self.background <= 255:
            raise ConfigurationError(f"Preprocessing: background is 0 to 255, but is {background!r}.")

    # ---- files

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Preprocessing:
        """Take what a model's file says: ``model.preprocessing``.

        Files of earlier versions do not say everything: what is missing is as it was then.
        """
        options = {name: told[name] for name in _OPTIONS if told.get(name) is not None}
        try:
            return cls((told["height"], told["width"]), **options)
        except KeyError as error:
            raise ConfigurationError(f"The model's preprocessing lacks {error}: it says {dict(told)!r}.") from error

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values, for ``model.preprocessing``."""
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
        """How images get into the size."""
        return fit_named(self.fit)((self.width, self.height), self.resize, self.interpolation)

    # ---- images

    def prepare(self, image: Any, *, invert: bool = False, max_pixels: int | None = None) -> Prepared:
        """Bring an image of any size and colours into this form.

        Parameters
        ----------
        image : path, bytes, file, Image or array
            Of Pillow's images, one that was only opened is read as its file is; of any other the pixels count as they
            are, whatever its EXIF orientation says. An array (height, width) or (height, width, channels) that already
            has the size and channels is taken as it is, without resizing.
        invert : bool
            Whether dark and light are to be exchanged.
        max_pixels : int, optional
            How many pixels it may have: 50 million if left out, a JPEG after it was decoded at a smaller scale.

        Returns
        -------
        Prepared

        Raises
        ------
        MissingFileError
            There is no such file, or it is a folder, a pipe or a device.
        FileFormatError
            It is no image, a damaged one, or one with too many pixels.
        DataError, ShapeError
            It has values that are no numbers, or an array has the values or the shape of no image.
        """
        source = source_of(image)
        name = str(source.name)
        ready = None if invert else source.ready(self.shape, self.max_value)
        if ready is not None:
            return Prepared(name, ready, [f"taken as it is, {self.width}×{self.height}"])
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
        """Prepare images in several threads, and give them in order; only a few are in memory that wait to be taken.

        Parameters
        ----------
        images : iterable
            Of what `prepare` takes; it is asked for more only as they are taken.
        invert, max_pixels
            See `prepare`.
        threads : int, optional
            One for each core if left out. Pillow lets go of Python's lock while it decodes and resizes.
        errors : {"raise", "return"}
            Whether what is wrong with an image ends it all, or is given in the image's place.
        ahead : int, optional
            How many images may wait to be taken: 4 for each thread if left out. Who takes them in batches lets two
            batches wait, so that one is decoded while the other is predicted.
        """
        if errors not in _ERRORS:
            raise unknown_name("errors", errors, _ERRORS)
        if isinstance(images, (str, bytes, os.PathLike)) or not hasattr(images, "__iter__"):
            raise ConfigurationError(
                f"Images are given in a list, an array, or what else can be gone through, but "
                f"{with_article(type(images).__name__)} came. Put a single image into a list: [image]."
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
            notes.append(f"values brought from 0..255 to 0..{self.max_value:g}")
        return self.scaled(pixels)

    def scaled(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """Bring values from 0 to 255 to 0 to `max_value`, which is all that is left to do for an image of the size.

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
        found, usual = ("light", "dark") if edge > self.edge else ("dark", "light")
        return f"its edges are {found}, where the training images' are {usual}: try it inverted (invert=True, --invert)"


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
