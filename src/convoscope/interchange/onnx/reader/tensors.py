"""Arrays of the tensors in a file: in the file itself, or in one beside it."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import MOST_VALUES
from convoscope.errors import ConvoscopeError
from convoscope.interchange.onnx.reader.messages import TensorRecord
from convoscope.interchange.onnx.reader.wire import DamagedError
from convoscope.paths import open_regular

Array = npt.NDArray[Any]
#: By ONNX's number of a type: NumPy's, and where numbers stand that are not given as bytes.
_TYPES: dict[int, tuple[str, str]] = {
    1: ("f4", "f4"),
    2: ("u1", "integers"),
    3: ("i1", "integers"),
    4: ("u2", "integers"),
    5: ("i2", "integers"),
    6: ("i4", "integers"),
    7: ("i8", "integers"),
    9: ("?", "integers"),
    10: ("f2", "halves"),
    11: ("f8", "f8"),
    12: ("u4", "integers"),
    13: ("u8", "integers"),
    16: ("bf", "halves"),
}
FLOATS = (1, 10, 11, 16)
TYPE_NAMES = {
    **{number: np.dtype(code).name for number, (code, _) in _TYPES.items() if code != "bf"},
    8: "string",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8",
    18: "float8",
    19: "float8",
    20: "float8",
    21: "uint4",
    22: "int4",
}


def dtype_of(number: int) -> np.dtype[Any] | None:
    """Return NumPy's type for ONNX's number of one, or None where there is none; bfloat16 is held as float32."""
    code, _ = _TYPES.get(number, ("", ""))
    return np.dtype("f4" if code == "bf" else code) if code else None


class Outside:
    """The files beside an ONNX file in which its tensors may lie.

    Parameters
    ----------
    folder : Path
        The folder of the file. Nothing outside of it is opened, and no links in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, told: dict[str, str], size: int) -> bytes:
        """Return `size` bytes of a file, from the offset on that is told."""
        name = told.get("location", "")
        plain = Path(name).parts == (name,) and name not in (".", "..") and not set("\\:\0") & set(name)
        if not plain:
            raise DamagedError(
                f"a tensor is stored in {name!r:.120}, but for safety only files in the same folder are read"
            )
        path = self.folder / name
        if path.is_symlink():
            raise DamagedError(
                f"a tensor is stored in {name!r:.120}, which is a link; for safety, links are not followed"
            )
        offset, length = (_number(told.get(key, default)) for key, default in (("offset", "0"), ("length", str(size))))
        if length != size:
            raise DamagedError(f"a tensor of {size:,} bytes is said to have {length:,} in {name!r:.120}")
        try:
            with open_regular(path) as file:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and os.fstat(file.fileno()).st_size < offset + size:
                    raise DamagedError(f"{name!r:.120} beside it is cut short")
                file.seek(offset)
                content = file.read(size)
        except ConvoscopeError as error:
            raise DamagedError(f"its weights are in another file, which cannot be read: {error}") from error
        if len(content) != size:
            raise DamagedError(f"{name!r:.120} beside it is cut short")
        return content


def array_of(record: TensorRecord, outside: Outside) -> Array:
    """Return the array of a tensor, read-only where it is still the file's own bytes.

    Raises
    ------
    DamagedError
        Its sizes and its numbers do not fit, or its type has no array.
    """
    shape = tuple(record.dims)
    code, place = _TYPES.get(record.data_type, ("", ""))
    kind = TYPE_NAMES.get(record.data_type, f"number {record.data_type}")
    if record.is_odd or not code:
        raise DamagedError(f"the tensor {record.name!r:.120} has the type {kind}, which is not supported")
    if (
        len(shape) > 16
        or any(not 0 <= size <= MOST_VALUES for size in shape)
        or math.prod(size or 1 for size in shape) > MOST_VALUES
    ):
        raise DamagedError(f"the tensor {record.name!r:.120} is said to have the shape {shape!r:.120}")
    count = math.prod(shape)
    own = np.dtype("u2" if code == "bf" else code).newbyteorder("<")
    content: Any = record.raw
    if record.is_outside:
        content = outside.read(record.outside, count * own.itemsize)
    flat = _listed(record, place, own) if content is None else _raw(content, own, record.name)
    if flat.size != count:
        raise DamagedError(f"the tensor {record.name!r:.120} of shape {shape} has {flat.size:,} numbers, not {count:,}")
    if code == "bf":
        flat = (flat.astype("u4") << 16).view("f4")
    return flat.reshape(shape)


def _raw(content: Any, dtype: np.dtype[Any], name: str) -> Array:
    if len(content) % dtype.itemsize:
        raise DamagedError(f"the tensor {name!r:.120} is cut short")
    return np.frombuffer(content, dtype)


def _listed(record: TensorRecord, place: str, dtype: np.dtype[Any]) -> Array:
    """Return numbers that are not given as bytes, but as a list in a field of their kind."""
    if place in ("f4", "f8"):
        return np.frombuffer(b"".join(record.reals[int(place[1])]), dtype)
    numbers = np.array(record.integers, np.int64)
    return numbers.astype("u2").view(dtype) if place == "halves" else numbers.astype(dtype)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise DamagedError(f"an offset in it is not a number: {text!r:.40}")
    return int(text)
