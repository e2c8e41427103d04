"""Image files are opened here: only files, only of the kinds that are read, and none that would fill the memory."""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from convoscope.datasets.folder.orientation import orientation_of, swaps_sides
from convoscope.datasets.folder.sharing import QUIET, ROOM
from convoscope.errors import ConfigurationError, ConvoscopeError, FileFormatError, MissingFileError
from convoscope.paths import open_regular

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile
    from PIL.JpegImagePlugin import JpegImageFile

#: More pixels than any but a few cameras have; see `as_max_pixels`.
MAX_PIXELS = 50_000_000
LARGEST = 178_956_970  # pixels: beyond that Pillow takes a file for an attack
#: What Pillow's readers raise on damaged files: each format its own, found by damaging files of sixteen formats.
DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    TypeError,
    RuntimeError,
    AttributeError,
    AssertionError,
    struct.error,
    zlib.error,
)
#: Pillow's names of the formats that are read, the frequent ones first, and those that people know. Pillow opens more:
#: for EPS and WMF it starts other programs, and some readers take any amount of time or memory for a few bytes.
FORMATS = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "BMP": "BMP",
    "GIF": "GIF",
    "PPM": "PPM",
    "WEBP": "WebP",
    "TIFF": "TIFF",
    "HEIF": "HEIC",
    "AVIF": "AVIF",
    "JPEG2000": "JPEG 2000",
    "QOI": "QOI",
    "ICO": "ICO",
    "PSD": "PSD",
    "SGI": "SGI",
    "PCX": "PCX",
    "DIB": "DIB",
    "TGA": "TGA",
}
_HEIC = re.compile(rb"....ftyp(hei[cxsm]|hev[cxsm]|mif[12]|msf1)", re.DOTALL)
_AVIF = re.compile(rb"avi[fs]")
#: How files begin that are of a kind, even if Pillow then finds that they are not: they are damaged.
_BEGINNINGS = {"HEIC": _HEIC, "PNG": re.compile(rb"\x89PNG\r\n"), "GIF": re.compile(rb"GIF8[79]a")}
_HEAD_BYTES = 128
#: How many times as much memory as of other formats decoding takes, of which only so much smaller images are read.
_MORE_MEMORY = {"JPEG2000": 3}
_JPEG, _TIFF = b"\xff\xd8\xff", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"MM*\0", b"II\0*")
#: Bytes of a value of each of TIFF's types.
_TAG_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_MOST_TAGS, _SMALL = 1 << 16, 1 << 20
_WIDEST_RLE = 1 << 16  # pixels: a run-length BMP can leave out 255 rows in four bytes, and Pillow fills them all
_ENOUGH = 64  # pixels a side, to see what a folder holds
_LOADED_BYTES = 4  # a pixel, of an image that is decoded for the metadata behind it
_TILE_WIDTH, _TILE_LENGTH, _WIDTH, _LENGTH = 322, 323, 256, 257  # tags of TIFF


def as_max_pixels(max_pixels: int | None) -> int:
    """Check ``max_pixels``: how many pixels an image may have; 50 million if it is None.

    Examples
    --------
    >>> as_max_pixels(None), as_max_pixels(100)
    (50000000, 100)
    """
    if max_pixels is None:
        return MAX_PIXELS
    if isinstance(max_pixels, bool) or not isinstance(max_pixels, int) or not 1 <= max_pixels <= LARGEST:
        raise ConfigurationError(
            f"max_pixels, the most pixels of an image, must be from 1 to {LARGEST:,}, but is {max_pixels!r}. The "
            f"default is {MAX_PIXELS:,}."
        )
    return max_pixels


@contextmanager
def opened(path: Path, max_pixels: int | None = None, least: int | None = None) -> Iterator[ImageFile]:
    """Open an image file and read its head. What goes wrong, then or within, is raised as an error that names the file.

    Parameters
    ----------
    path : Path
    max_pixels : int, optional
        See `as_max_pixels`.
    least : int, optional
        Pixels a side that are enough. Where `max_pixels` is left out, a JPEG then counts with the size that it is
        decoded at: photos of 108 million pixels take little memory.

    Raises
    ------
    MissingFileError
        There is no such file, or it is a folder, a pipe or a device.
    FileFormatError
        It is no image of a kind that is read, a damaged one, or one with too many pixels.
    """
    if os.path.isdir(path):
        raise MissingFileError(f"{path} is a folder. Give the images inside it: {path}/*")
    with named(path), open_regular(path) as file, _image_in(file, path, max_pixels, least) as image:
        yield image


@contextmanager
def opened_bytes(content: bytes, name: Path, max_pixels: int | None = None) -> Iterator[ImageFile]:
    """Do as `opened` with the bytes of an image file, which messages call `name`."""
    with io.BytesIO(content) as file, opened_content(file, name, max_pixels) as image:
        yield image


@contextmanager
def opened_content(
    file: BinaryIO, name: Path, max_pixels: int | None = None, least: int | None = None
) -> Iterator[ImageFile]:
    """Do as `opened` with a file that is open already, at its beginning, and stays open."""
    with named(name), _image_in(file, name, max_pixels, least) as image:
        yield image


@contextmanager
def _image_in(file: BinaryIO, path: Path, max_pixels: int | None, least: int | None) -> Iterator[ImageFile]:
    with QUIET:
        head = file.read(_HEAD_BYTES)
        file.seek(0)
        if not head:
            raise FileFormatError(f"{path} is empty: it has 0 bytes.")
        with _read_head(file, head, path) as image:
            most = as_max_pixels(max_pixels)
            _check_size(image, path, most * (_reduction(image, least) ** 2 if max_pixels is None else 1))
            yield image


def upright_size(path: Path, max_pixels: int | None = None) -> tuple[int, int]:
    """Return (height, width) of an image as it is to be looked at, from the file's head; errors as `opened`."""
    with opened(path, max_pixels, _ENOUGH) as image:
        if image.format == "PNG" and _has_metadata_behind_pixels(image):
            with ROOM.taken(_LOADED_BYTES * image.width * image.height):
                image.load()
        width, height = stored_size(image)
        return (width, height) if swaps_sides(orientation_of(image)) else (height, width)


def stored_size(image: ImageFile) -> tuple[int, int]:
    """Return (width, height) of an opened image as it is stored. Of a TIFF Pillow gives the turned one."""
    if image.format == "TIFF":
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        return int(tags[_WIDTH]), int(tags[_LENGTH])
    return image.size


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Turn what Pillow raises into errors that name the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except ConvoscopeError:
        raise
    except UnidentifiedImageError as error:
        raise FileFormatError(
            f"{path} is not an image of a known format, such as PNG or JPEG. Known formats: "
            f"{', '.join(FORMATS.values())}."
        ) from error
    except Image.DecompressionBombError as error:
        raise FileFormatError(
            f"{path} has too many pixels to be read safely. Make it smaller: at most {LARGEST:,} can be read."
        ) from error
    except MemoryError as error:
        raise FileFormatError(f"{path} needs more memory than is available. Make it smaller.") from error
    except DAMAGED as error:
        raise FileFormatError(
            f"{path} is a damaged or unreadable image: {str(error) or type(error).__name__}."
        ) from error


def _read_head(file: BinaryIO, head: bytes, path: Path) -> ImageFile:
    from PIL import Image, UnidentifiedImageError

    if head.startswith(_JPEG):
        return _jpeg_reader()(file)
    if head[:4] in _TIFF:
        _check_tags(file, path)
    try:
        return Image.open(file, formats=_formats(head, path))
    except UnidentifiedImageError as error:
        for kind, beginning in _BEGINNINGS.items():
            if beginning.match(head):
                raise FileFormatError(f"{path} is a damaged {kind} image, perhaps one that was cut short.") from error
        raise


@cache
def _jpeg_reader() -> type[JpegImageFile]:
    """Return Pillow's reader of JPEG, without its look at all of EXIF for the dots an inch, and at further frames.

    Entries of EXIF may all stand for the same 64 KB, which Pillow keeps for each of them.
    """
    from PIL import Image
    from PIL.JpegImagePlugin import JpegImageFile

    class Reader(JpegImageFile):
        def getexif(self) -> Image.Exif:
            return Image.Exif()

    return Reader


def _check_tags(file: BinaryIO, path: Path) -> None:
    """Refuse a TIFF whose tags stand for more bytes than it has: Pillow keeps a copy for each of them."""
    whole = file.seek(0, os.SEEK_END)
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    big = struct.unpack(f"{order}H", file.read(2))[0] == 43
    file.seek(8 if big else 4)
    (start,) = struct.unpack(f"{order}{'Q' if big else 'L'}", file.read(8 if big else 4))
    file.seek(min(start, whole))
    count_form, entry_form = ("Q", "HHQQ") if big else ("H", "HHLL")
    claimed = file.read(struct.calcsize(f"{order}{count_form}"))
    entry = struct.Struct(order + entry_form)
    entries = file.read(entry.size * _MOST_TAGS) if claimed else b""
    entries = entries[: entry.size * int.from_bytes(claimed, "little" if order == "<" else "big")]
    entries = entries[: len(entries) // entry.size * entry.size]
    kept = sum(_TAG_BYTES.get(kind, 0) * values for _, kind, values, _ in entry.iter_unpack(entries) if values <= whole)
    file.seek(0)
    if kept > 2 * whole + _SMALL:
        raise FileFormatError(f"{path} is a damaged image: its tags claim {kept:,} bytes, and it has {whole:,}.")


def _formats(head: bytes, path: Path) -> list[str]:
    from PIL import Image

    brands = _brands(head)
    is_avif = any(map(_AVIF.fullmatch, brands))  # also one that first names what AVIF and HEIC have in common
    if _HEIC.match(head) and not is_avif and not _read_heic():
        raise FileFormatError(
            f"{path} is a HEIC photo, as iPhones take them. To read such photos, install pillow-heif: "
            "pip install pillow-heif."
        )
    Image.init()
    if is_avif and "AVIF" not in Image.OPEN:
        raise FileFormatError(f"{path} is an AVIF image, which needs Pillow 11.3 or later. Upgrade Pillow.")
    known = [name for name in FORMATS if name in Image.OPEN]
    return ["AVIF"] if is_avif else known


def _brands(head: bytes) -> list[bytes]:
    """Give the kinds that a file of HEIC's and AVIF's family says it is: ``size "ftyp" brand version brand ...``."""
    if head[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[at : at + 4] for at in (8, *range(16, end, 4))]


def _read_heic() -> bool:
    """Let Pillow read HEIC if pillow-heif is there."""
    from PIL import Image

    if "HEIF" in Image.OPEN:
        return True
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _check_size(image: ImageFile, path: Path, most: int) -> None:
    times = _MORE_MEMORY.get(image.format or "", 1)
    for width, height in _sizes(image):
        if width * height > most // times:
            why = f" of {FORMATS[image.format or '']}, which takes {times} times the memory" if times > 1 else ""
            raise FileFormatError(
                f"{path} has {width:,} × {height:,} pixels, but at most {most // times:,} are allowed{why}. Make it "
                "smaller, or raise the limit with max_pixels or --max-pixels."
            )
    if image.tile and image.tile[0][0] == "bmp_rle" and image.width > _WIDEST_RLE:
        raise FileFormatError(f"{path} has {image.width:,} pixels in a row, too many for a BMP of this kind.")


def _reduction(image: ImageFile, least: int | None) -> int:
    """Return by how much, a side, an image is decoded smaller than it is; see `convoscope.datasets.images.files`.

    One of several scans is kept whole meanwhile, however small it becomes.
    """
    if least is None or image.format != "JPEG" or "progressive" in image.info or not _has_one_scan(image):
        return 1
    return next((scale for scale in (8, 4, 2) if min(image.size) // (2 * least) >= scale), 1)


def _has_one_scan(image: ImageFile) -> bool:
    """Say whether the first scan of a JPEG, whose head Pillow has just read, has all of its components."""
    assert image.fp is not None
    position = image.fp.tell()
    image.fp.seek(position - 14)
    head = image.fp.read(14)
    # Length and number of components stand so far before its end; others before it may look like that.
    found = [count for count in range(1, 5) if head[-6 - 2 * count :][:3] == bytes((0, 6 + 2 * count, count))]
    return found[:1] == [image.layers]  # type: ignore[attr-defined]


def _sizes(image: ImageFile) -> Iterator[tuple[int, int]]:
    """Give all sizes that a file claims: that of the image, and those of what it is put together from."""
    yield image.size
    if image.format == "TIFF":
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        yield int(tags.get(_TILE_WIDTH, 0)), int(tags.get(_TILE_LENGTH, 0))
    elif image.format == "ICO" and image.fp is not None:
        image.fp.seek(4)
        (count,) = struct.unpack("<H", image.fp.read(2))
        entries = image.fp.read(16 * count)
        for at in range(12, len(entries) - 3, 16):
            image.fp.seek(struct.unpack_from("<L", entries, at)[0])
            head = image.fp.read(24)
            if head.startswith(b"\x89PNG"):
                yield struct.unpack(">II", head[16:])
            elif len(head) == 24:
                width, height = struct.unpack("<ii", head[4:12])
                yield abs(width), abs(height) // 2  # of image and mask


def _has_metadata_behind_pixels(image: ImageFile) -> bool:
    """Say whether a PNG has chunks of metadata after those of its pixels, which Pillow reads only when it loads it."""
    file, behind = image.fp, False
    assert file is not None
    back = file.tell()
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        if behind and head[4:] in (b"eXIf", b"iTXt", b"tEXt", b"zTXt"):
            file.seek(back)
            return True
        behind = behind or head[4:] == b"IDAT"
        file.seek(int.from_bytes(head[:4], "big") + 4, 1)
    file.seek(back)
    return False
