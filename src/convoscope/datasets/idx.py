"""IDX files, the format of MNIST: a header of big-endian integers, then the values row by row.

Format: http://yann.lecun.com/exdb/mnist/, "The IDX file format".
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convoscope.errors import ConvoscopeError, DataError, FileFormatError, MissingFileError
from convoscope.paths import open_regular, user_path
from convoscope.storage import write_atomically

# The third byte of a file says what its values are; all of them are big-endian.
DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_MOST_DEFLATED = 1032  # bytes that one byte can stand for: https://zlib.net/zlib_tech.html
_MOST_AXES = 32  # of any NumPy since 1.0; a damaged header can claim 255


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an IDX file, gzipped or not; its first bytes tell which, not its name.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    ndarray
        A writable array in the machine's byte order: uint8, int8, int16, int32, float32 or float64, of any shape.

    Raises
    ------
    MissingFileError
        There is no such file, or it cannot be opened.
    FileFormatError
        The file is damaged, cut short, too long or not an IDX file. The message names it and says which.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> write_idx(f"{folder.name}/labels.gz", np.array([3, 1, 2], np.uint8))
    >>> read_idx(f"{folder.name}/labels.gz")
    array([3, 1, 2], dtype=uint8)
    >>> folder.cleanup()
    """
    return read_checked(path, lambda shape, dtype: None)


def read_checked(path: str | os.PathLike[str], check: Callable[[tuple[int, ...], np.dtype[Any]], None]) -> NDArray[Any]:
    """Read an IDX file as `read_idx` does, if its header is as expected.

    Parameters
    ----------
    path : str or path-like
        The file.
    check : callable
        ``check(shape, dtype)`` raises an error if this is not the expected file. It is called before memory is
        allocated for the values.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/labels", np.array([3, 1, 2], np.uint8))
    ...     read_checked(f"{folder}/labels", lambda shape, dtype: print(shape, dtype))
    (3,) uint8
    array([3, 1, 2], dtype=uint8)
    """
    path = user_path(path)
    try:
        with _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(2)
            file.seek(0)
            if start != _GZIP:
                return _parse(file, path, check, size, packed=False)
            with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
                return _parse(cast(BinaryIO, unpacked), path, check, size, packed=True)
    except ConvoscopeError:
        raise
    except EOFError as error:
        raise _damaged(path, f"its gzip stream is cut short after {size:,} bytes") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, f"its gzip stream is corrupted ({error})") from error
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {error.strerror}. An IDX file was expected there.") from error


def _opened(path: Path) -> BinaryIO:
    try:
        return open_regular(path)
    except MissingFileError as error:
        if isinstance(error.__cause__, (FileNotFoundError, ValueError)):
            raise MissingFileError(f"{error} Expected an IDX file; check the path.") from error
        raise MissingFileError(f"{path} cannot be read as an IDX file. {error}") from error


def _parse(
    file: BinaryIO,
    path: Path,
    check: Callable[[tuple[int, ...], np.dtype[Any]], None],
    size: int,
    *,
    packed: bool,
) -> NDArray[Any]:
    shape, dtype = _header(file, path)
    check(shape, dtype.newbyteorder("="))
    expected = math.prod(shape) * dtype.itemsize
    if not expected and math.prod(side or 1 for side in shape) * dtype.itemsize > sys.maxsize:
        raise _damaged(path, f"no array can have the shape {shape} in its header")
    can_come = size * _MOST_DEFLATED if packed else size - file.tell()
    values = np.empty(expected if expected <= can_come else 0, np.uint8)
    came = _fill(file, values)
    more = file.read(_CHUNK)
    if came + len(more) != expected:
        # Of a file that cannot hold what it claims, nothing was stored: the first piece says enough.
        whole = len(more) < _CHUNK
        came_text = "more" if came == expected else f"{came + len(more):,}" if whole else f"{can_come:,} at most"
        raise _damaged(
            path, f"expected {expected:,} bytes of values for the shape {shape} in its header, but got {came_text}"
        )
    return values.view(dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _header(file: BinaryIO, path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    head = file.read(4)
    if len(head) < 4:
        raise _damaged(path, f"an IDX header has at least 4 bytes, but this file ends after {len(head)}")
    if head[:2] != b"\0\0":
        raise _damaged(path, f"an IDX file starts with 00 00 (or gzip's 1f 8b), but this one with {head[:2].hex(' ')}")
    if head[2] not in DTYPES:
        known = ", ".join(f"{code:#04x} {dtype.newbyteorder('=')}" for code, dtype in DTYPES.items())
        raise _damaged(path, f"its third byte, the type of its values, is {head[2]:#04x}; IDX knows {known}")
    axes = head[3]
    if axes > _MOST_AXES:
        raise _damaged(path, f"its header claims {axes} axes, but an array has at most {_MOST_AXES}")
    sizes = file.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise _damaged(path, f"expected a header of {4 + 4 * axes} bytes for {axes} axes, but got {4 + len(sizes)}")
    return struct.unpack(f">{axes}I", sizes), DTYPES[head[2]]


def _fill(file: BinaryIO, values: NDArray[np.uint8]) -> int:
    """Read into an array until it is full or the file ends, and return how many bytes came."""
    came = 0
    while piece := file.read(min(_CHUNK, len(values) - came)):
        values[came : came + len(piece)] = np.frombuffer(piece, np.uint8)
        came += len(piece)
    return came


def _damaged(path: Path, reason: str) -> FileFormatError:
    return FileFormatError(
        f"{path} is not a complete IDX file: {reason}. Replace it with a good copy. A published data set's file can "
        "be deleted, and is then downloaded again."
    )


def write_idx(path: str | os.PathLike[str], array: ArrayLike) -> None:
    """Write an array as an IDX file, all of it or none.

    Parameters
    ----------
    path : str or path-like
        The file to write; gzipped if it ends in ``.gz``. The same array always gives the same bytes.
    array : array_like
        uint8, int8, int16, int32, float32 or float64, of any shape and byte order.

    Raises
    ------
    DataError
        IDX has no such type of values.
    StorageError
        The file could not be written. An earlier file of that name is unchanged.

    Examples
    --------
    >>> write_idx("labels.idx", np.array([3, 1, 2]))
    Traceback (most recent call last):
    ...
    convoscope.errors.DataError: An IDX file holds uint8, int8, int16, int32, float32 or float64, but these values are \
int64. Convert them first, for example with array.astype('uint8').
    """
    path, array = user_path(path), np.asarray(array)
    codes = {dtype.newbyteorder("="): code for code, dtype in DTYPES.items()}
    native = array.dtype.newbyteorder("=")
    if native not in codes:
        *names, last = map(str, codes)
        raise DataError(
            f"An IDX file holds {', '.join(names)} or {last}, but these values are {native}. Convert them first, for "
            "example with array.astype('uint8')."
        )
    code = codes[native]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    data = header + array.astype(DTYPES[code]).tobytes()
    if path.suffix == ".gz":
        data = _gzipped(data)
    write_atomically(path, [data])


def _gzipped(data: bytes) -> bytes:
    # Not gzip.compress: the header it writes differs between versions of Python.
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(data)
    return packed.getvalue()
