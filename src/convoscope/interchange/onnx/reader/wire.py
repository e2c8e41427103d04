"""Protocol buffers as they lie in a file: numbered fields, read with a bound on how many there may be.

ONNX's own library parses a file whole before anybody can look at it, and messages of two bytes each become hundreds of
bytes of memory. Here nothing is copied but numbers and names, and every field is counted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

#: A network of 1,000 nodes has 30,000.
MOST_FIELDS = 500_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class DamagedError(ValueError):
    """What cannot be a protocol buffer of ONNX. Whoever knows the file's name says so."""


class Budget:
    """How many fields and numbers may still be read."""

    def __init__(self) -> None:
        self.left = MOST_FIELDS

    def take(self, count: int = 1) -> None:
        """Count some.

        Raises
        ------
        DamagedError
            There are too many.
        """
        self.left -= count
        if self.left < 0:
            raise DamagedError(f"it has more than {MOST_FIELDS:,} fields")


class Field:
    """A field: its number, and its content as one of these.

    Attributes
    ----------
    number : int
    value : int
        Of a field that is a whole number.
    content : memoryview
        Of any other.
    """

    __slots__ = ("content", "kind", "number", "value")

    def __init__(self, number: int, kind: int, value: int, content: memoryview) -> None:
        self.number, self.kind, self.value, self.content = number, kind, value, content

    @property
    def integer(self) -> int:
        """The signed whole number that it is."""
        if self.kind != _VARINT:
            raise DamagedError("a number is missing")
        return self.value - (1 << 64) if self.value >> 63 else self.value

    @property
    def bytes(self) -> memoryview:
        """The bytes that it is."""
        if self.kind != _BYTES:
            raise DamagedError("a text or message is missing")
        return self.content

    @property
    def text(self) -> str:
        """The text that it is."""
        return str(self.bytes, "utf-8")

    @property
    def real(self) -> float:
        """The number of 32 bits that it is."""
        if self.kind != _FIXED32:
            raise DamagedError("a number is missing")
        (number,) = struct.unpack("<f", self.content)
        return float(number)

    def integers(self, budget: Budget) -> list[int]:
        """Return the numbers of a list, which stand in one field together or in one each."""
        if self.kind == _VARINT:
            return [self.integer]
        found, at, content = [], 0, self.bytes
        while at < len(content):
            budget.take()
            value, at = varint(content, at)
            found.append(value - (1 << 64) if value >> 63 else value)
        return found

    def numbers(self, size: int) -> memoryview:
        """Return the bytes of a list of numbers of `size` bytes each, all of them or one."""
        alone = self.kind == (_FIXED32 if size == 4 else _FIXED64)
        if not alone and self.kind != _BYTES:
            raise DamagedError("numbers are missing")
        if len(self.content) % size:
            raise DamagedError("a list of numbers is cut short")
        return self.content


def varint(content: memoryview, at: int) -> tuple[int, int]:
    """Return the whole number at a position, and the position behind it.

    Examples
    --------
    >>> varint(memoryview(bytes([0x96, 0x01])), 0)
    (150, 2)
    """
    value = shift = 0
    while at < len(content):
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
        if shift > 63:
            break
    raise DamagedError("a number is cut short")


def fields(content: memoryview, budget: Budget) -> Iterator[Field]:
    """Give the fields of a message, one after the other.

    Raises
    ------
    DamagedError
        It is cut short, or no message.
    """
    at, end = 0, len(content)
    while at < end:
        budget.take()
        key, at = varint(content, at)
        kind, value = key & 7, 0
        if kind == _VARINT:
            value, at = varint(content, at)
            yield Field(key >> 3, kind, value, content[:0])
            continue
        if kind == _BYTES:
            length, at = varint(content, at)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise DamagedError("it has fields of an unknown kind")
        if length > end - at:
            raise DamagedError("it is cut short")
        yield Field(key >> 3, kind, 0, content[at : at + length])
        at += length
