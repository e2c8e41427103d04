"""Image files are opened here: only files, only of the kinds that are read, and none that would fill the memory."""

from __future__ import annotations

import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from convoscope.datasets.folder.orientation import orientation_of, swaps_sides
from convoscope.errors import ConfigurationError, ConvoscopeError, FileFormatError, MissingFileError
from convoscope.paths import address_in, not_fetched, open_regular

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

#: More pixels than any but a few cameras have; see `as_max_pixels`.
MAX_PIXELS = 50_000_000
_PILLOWS = 178_956_970  # pixels: beyond that Pillow takes a file for an attack
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
_AVIF = re.compile(rb"....ftyp(avif|avis)", re.DOTALL)
#: How many times as much memory as of other formats decoding takes, of which only so much smaller images are read.
_MORE_MEMORY = {"JPEG2000": 3}
_WIDEST_RLE = 1 << 16  # pixels: a run-length BMP can leave out 255 rows in four bytes, and Pillow fills them all
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
    if isinstance(max_pixels, bool) or not isinstance(max_pixels, int) or not 1 <= max_pixels <= _PILLOWS:
        raise ConfigurationError(
            f"max_pixels is how many pixels an image may have, 1 to {_PILLOWS:,}, but is {max_pixels!r}. The default "
            f"is {MAX_PIXELS:,}."
        )
    return max_pixels


@contextmanager
def opened(path: Path, max_pixels: int | None = None) -> Iterator[ImageFile]:
    """Open an image file and read its head. What goes wrong, then or within, is raised as an error that names the file.

    Parameters
    ----------
    path : Path
    max_pixels : int, optional
        See `as_max_pixels`.

    Raises
    ------
    MissingFileError
        There is no such file, or it is a folder, a pipe or a device.
    FileFormatError
        It is no image of a kind that is read, a damaged one, or one with too many pixels.
    """
    from PIL import Image

    if path.is_dir():
        raise MissingFileError(f"{path} is a folder. Give the images in it: {path}/*")
    with _named(path), _file(path) as file, _QUIET:
        head = file.read(16)
        file.seek(0)
        if not head:
            raise FileFormatError(f"{path} is empty: it has 0 bytes.")
        with Image.open(file, formats=_formats(head, path)) as image:
            _check_size(image, path, as_max_pixels(max_pixels))
            yield image


def upright_size(path: Path, max_pixels: int | None = None) -> tuple[int, int]:
    """Return (height, width) of an image as it is to be looked at, from the file's head; errors as `opened`."""
    with opened(path, max_pixels) as image:
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


class Room:
    """Memory for decoding, shared by threads: who wants more than is left waits until others have finished.

    Parameters
    ----------
    most : int
        Bytes. Who wants more than that gets all of it, alone.
    """

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, wanted: int) -> Iterator[None]:
        """Hold so many bytes."""
        wanted = min(wanted, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= wanted)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify_all()


ROOM = Room(1 << 29)


class _Quiet:
    """No warnings of Pillow's as long as any thread is reading: of odd metadata, and of large sizes.

    `warnings.catch_warnings` alone, in several threads, can leave the filters of one thread to all, for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if not self._readers:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._readers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                self._before.__exit__(None, None, None)


_QUIET = _Quiet()


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    try:
        file = open_regular(path)
    except MissingFileError as error:
        if (address := address_in(path)) is not None:
            raise MissingFileError(not_fetched(address)) from error
        raise
    with file:
        yield file


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what Pillow raises into errors that name the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except ConvoscopeError:
        raise
    except UnidentifiedImageError as error:
        raise FileFormatError(
            f"{path} is not an image of a kind that is known, such as PNG or JPEG. Known are "
            f"{', '.join(FORMATS.values())}."
        ) from error
    except Image.DecompressionBombError as error:
        raise FileFormatError(
            f"{path} has too many pixels to be read safely: more than {_PILLOWS:,}. Make it smaller."
        ) from error
    except MemoryError as error:
        raise FileFormatError(f"{path} takes more memory than there is. Make it smaller.") from error
    except DAMAGED as error:
        raise FileFormatError(
            f"{path} is a damaged image, or cannot be read: {str(error) or type(error).__name__}."
        ) from error


def _formats(head: bytes, path: Path) -> list[str]:
    from PIL import Image

    if _HEIC.match(head) and not _read_heic():
        raise FileFormatError(
            f"{path} is a HEIC photo, as iPhones take them. To read such photos, install pillow-heif: "
            f"pip install 'convoscope[heic]', or pip install pillow-heif."
        )
    Image.init()
    if _AVIF.match(head) and "AVIF" not in Image.OPEN:
        raise FileFormatError(f"{path} is an AVIF image, which Pillow reads from version 11.3 on. Install that.")
    return [name for name in FORMATS if name in Image.OPEN]


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
                f"{path} has {width:,} × {height:,} pixels, and up to {most // times:,} are read{why}. Make it "
                f"smaller, or allow more: max_pixels, or --max-pixels."
            )
    if image.tile and image.tile[0][0] == "bmp_rle" and image.width > _WIDEST_RLE:
        raise FileFormatError(f"{path} has {image.width:,} pixels in a row, too many for a BMP of this kind.")


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
