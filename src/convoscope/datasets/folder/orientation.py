"""How a photo is to be turned, read from its metadata: the orientation alone, and nothing else in there matters.

Cameras and programs write odd metadata into intact photos. Whatever it is, the photo is read: what cannot be understood
means that it is upright.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

UPRIGHT = 1
_KNOWN = range(1, 9)
_TAG = 0x0112
_EXIF = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"MM*\0": ">", b"II\0*": "<"}
_ENTRY_BYTES = 12
#: Types of EXIF values that are numbers, as `struct` names them; 5 and 10 are fractions. Text and raw bytes are none.
_NUMBERS = {3: "H", 4: "L", 5: "LL", 6: "b", 8: "h", 9: "l", 10: "ll", 11: "f", 12: "d", 13: "L", 16: "Q"}
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
# What reading a TIFF tag or hexadecimal text through Pillow can raise.
_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    AssertionError,
    struct.error,
)


def orientation_of(image: Image) -> int:
    """Return an opened image's EXIF orientation, 1 to 8; 1, upright, if it has none or it cannot be understood.

    Parameters
    ----------
    image : Image
        As `PIL.Image.open` returns it. A PNG can have its metadata behind its pixels: load it before.

    Notes
    -----
    Without an orientation in EXIF, that in XMP counts, as in Pillow's `exif_transpose`.

    Examples
    --------
    >>> from PIL import Image
    >>> image = Image.new("L", (4, 3))
    >>> image.info["exif"] = b"Exif\\0\\0MM\\0*\\0\\0\\0\\x08\\0\\x01\\x01\\x12\\0\\x03\\0\\0\\0\\x01\\0\\x06\\0\\0"
    >>> orientation_of(image)
    6
    """
    try:
        found = _in_metadata(image)
        if found is not None:
            return int(found) if found in _KNOWN else UPRIGHT  # 6.0 and 6/1 are in that range too
    except _UNREADABLE:
        pass
    in_xmp = _in_xmp(image) or UPRIGHT
    return in_xmp if in_xmp in _KNOWN else UPRIGHT


def turned(image: Image, orientation: int) -> Image:
    """Return the image as its orientation says that it is to be looked at."""
    from PIL.Image import Transpose

    methods = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(methods[orientation]) if orientation in methods else image


def swaps_sides(orientation: int) -> bool:
    """Say whether an orientation exchanges width and height."""
    return orientation >= 5


def in_exif(block: bytes) -> float | None:
    """Return what a block of EXIF has as orientation, whatever number that is, or None.

    Only the first folder of tags is looked at. Other entries may be wrong in any way.
    """
    while block.startswith(_EXIF):
        block = block[len(_EXIF) :]
    order = _ORDERS.get(block[:4])
    if order is None or len(block) < 8:
        return None
    (start,) = struct.unpack_from(f"{order}L", block, 4)
    if start + 2 > len(block):
        return None
    (count,) = struct.unpack_from(f"{order}H", block, start)
    found = None
    for at in range(start + 2, min(start + 2 + _ENTRY_BYTES * count, len(block) - _ENTRY_BYTES + 1), _ENTRY_BYTES):
        tag, kind, values = struct.unpack_from(f"{order}HHL", block, at)
        if tag == _TAG and (value := _first_value(block, order, kind, values, at + 8)) is not None:
            found = value
    return found


def _first_value(block: bytes, order: str, kind: int, values: int, at: int) -> float | None:
    """Return the first of an entry's values; they stand in its last four bytes, or where these point to."""
    if kind not in _NUMBERS or not values:
        return None
    form = struct.Struct(order + _NUMBERS[kind])
    if form.size * values > 4:
        (at,) = struct.unpack_from(f"{order}L", block, at)
    if at + form.size * values > len(block):
        return None
    numbers = form.unpack_from(block, at)
    if len(numbers) == 1:
        return float(numbers[0])
    return numbers[0] / numbers[1] if numbers[1] else None


def _in_metadata(image: Image) -> Any:
    if hasattr(image, "tag_v2"):  # a TIFF has the tag among those that say how its pixels are stored
        return image.tag_v2.get(_TAG)
    block = image.info.get("exif")
    if block is None and (text := image.info.get("Raw profile type exif")):  # PNG, as ImageMagick writes it
        block = bytes.fromhex("".join(text.split("\n")[3:]))
    return in_exif(block) if isinstance(block, bytes) else None


def _in_xmp(image: Image) -> int | None:
    for key in ("XML:com.adobe.xmp", "xmp"):
        text = image.info.get(key)
        if isinstance(text, str):
            text = text.encode("utf-8", "replace")
        if isinstance(text, bytes) and (match := _XMP.search(text)):
            return int(match[1])
    return None
