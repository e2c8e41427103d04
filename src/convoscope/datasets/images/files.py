"""The pixels of an image file that is open, decoded in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convoscope.datasets.folder.colours import MODES
from convoscope.datasets.folder.opening import DAMAGED
from convoscope.datasets.folder.orientation import UPRIGHT, orientation_of
from convoscope.datasets.folder.sharing import ROOM

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

#: Bytes a pixel that decoding takes at its highest: what is decoded, and what is made of it.
_BYTES, _BYTES_OF = 8, {"JPEG2000": 24, "AVIF": 16, "HEIF": 16, "WEBP": 16}
_COEFFICIENTS = 8  # bytes a pixel of a progressive JPEG, which is decoded as a whole even if it is made smaller


@dataclass(frozen=True, eq=False)
class Pixels:
    """An image as it is stored.

    Attributes
    ----------
    image : Image
        In its own mode, and not turned yet.
    orientation : int
        How it is to be turned: 1 to 8, as in EXIF.
    notes : list of str
        What it was, and what is done to it.
    own : bool
        Whether the image was made here, and nobody else has it.
    """

    image: Image
    orientation: int
    notes: list[str]
    own: bool = False


@contextmanager
def decoded(file: ImageFile, least: int | None) -> Iterator[Pixels]:
    """Decode an opened file; a JPEG at reduced scale, if `least` pixels a side are enough."""
    # A TIFF's size is here that of the turned image in some versions of Pillow: as people see it, in any case.
    width, height = file.size
    notes = [f"read {file.format}, {width}×{height}, {MODES.get(file.mode, file.mode)}"]
    if _is_animated(file):
        notes.append("first of several frames used")
    if least is not None and file.format == "JPEG":
        file.draft(file.mode, (2 * least, 2 * least))
    with ROOM.taken(_bytes_of(file, width * height)):
        orientation = UPRIGHT
        if file.format == "TIFF":
            # Pillow turns a TIFF itself, and reads all of its metadata for that, which must not be able to fail.
            orientation = orientation_of(file)
            file.load_end = _nothing  # type: ignore[method-assign]
        file.load()
        if file.format != "TIFF":
            orientation = orientation_of(file)  # a PNG's metadata may lie behind its pixels
        if orientation != UPRIGHT:
            notes.append("rotated according to its EXIF orientation")
        yield Pixels(file.copy() if file.size != file.im.size else file, orientation, notes, own=True)


def _bytes_of(file: ImageFile, pixels: int) -> int:
    whole = _COEFFICIENTS * pixels if "progressive" in file.info else 0
    return whole + _BYTES_OF.get(file.format or "", _BYTES) * file.width * file.height


def _is_animated(file: ImageFile) -> bool:
    try:
        return bool(getattr(file, "is_animated", False))
    except DAMAGED:  # further frames that cannot be read do not matter
        return False


def _nothing() -> None:
    """Do nothing, in the place of a hook of Pillow's."""
