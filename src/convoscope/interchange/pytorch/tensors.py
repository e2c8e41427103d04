"""Tensors as PyTorch's files have them: views, given by offset and strides, on storages that several may share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Order = Literal["<", ">"]
_MOST_AXES = 16
_LARGEST = 2**40  # sizes, strides and offsets: beyond any file, and far from where NumPy's arithmetic overflows


class Kind:
    """A type of numbers.

    Parameters
    ----------
    code : str
        NumPy's, without the byte order: ``"f4"``. ``"bf2"`` is bfloat16, which NumPy does not have.
    """

    def __init__(self, code: str) -> None:
        self.code = code

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return int(self.code.lstrip("bcfiu"))

    def values(self, content: bytes | memoryview, order: Order = "<") -> Array:
        """Return the numbers that stand in a file; bfloat16, the upper half of float32, as float32."""
        if self.code != "bf2":
            return np.frombuffer(content, np.dtype(self.code).newbyteorder(order))
        halves = np.frombuffer(content, np.dtype("u2").newbyteorder(order))
        return (halves.astype("u4") << 16).view("f4")


class Storage:
    """Numbers in a row, in the file or to be found there.

    Parameters
    ----------
    kind : Kind
    count : int
        How many.
    read : callable
        Reads them, when they are first asked for.
    """

    def __init__(self, kind: Kind, count: int, read: Callable[[], Array]) -> None:
        self.kind, self.count = kind, count
        self._read = read
        self._values: Array | None = None

    @property
    def values(self) -> Array:
        """The numbers."""
        if self._values is None:
            self._values = self._read()
        return self._values

    def part(self, offset: int, count: int) -> Storage:
        """Return a storage that is a part of this one, as PyTorch before 1.0 had them."""
        if not 0 <= offset <= offset + count <= self.count:
            raise ValueError("a part that is not there")
        return Storage(self.kind, count, lambda: self.values[offset : offset + count])


class Tensor:
    """A view on a storage, made sure not to reach outside of it."""

    def __init__(self, storage: Storage, offset: int, size: tuple[int, ...], strides: tuple[int, ...]) -> None:
        if not isinstance(storage, Storage):
            raise TypeError("no storage")
        if not (isinstance(size, tuple) and isinstance(strides, tuple) and len(size) == len(strides) <= _MOST_AXES):
            raise ValueError("no shape")
        if not all(type(n) is int and 0 <= n < _LARGEST for n in (offset, *size, *strides)):
            raise ValueError("no lengths")
        values = math.prod(size)
        last = offset + sum((n - 1) * stride for n, stride in zip(size, strides, strict=True))
        # Views that repeat numbers (a stride of 0) could claim any size: a file has what it claims to have.
        if values and (last >= storage.count or values > storage.count):
            raise ValueError("outside of its storage")
        if not values:  # nothing lies anywhere, and sizes beside the 0 may be anything
            offset, strides = 0, (0,) * len(size)
        self.storage, self.offset, self.size, self.strides = storage, offset, size, strides

    def array(self) -> Array:
        """Return the numbers as a read-only array, which shares memory with others of the storage."""
        rest = self.storage.values[self.offset :]
        strides = [stride * rest.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(rest, self.size, strides)
        array = view if view.dtype.isnative else view.astype(view.dtype.newbyteorder("="))
        array.flags.writeable = False
        return array
