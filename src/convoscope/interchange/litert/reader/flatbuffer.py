"""A flatbuffer as it lies in a file: tables by their schema, with every offset, length and count checked.

The usual libraries trust a file's offsets. Here each one is held against the file's end. A table that is referred to
several times is read once, and how much is read is bounded by the file's size. Vectors of numbers are not copied.
"""

from __future__ import annotations

import struct
from collections.abc import ItemsView
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.interchange.litert.schema import IDENTIFIER, OPTIONS, SCALARS, TABLES, Field
from convoscope.interchange.onnx.reader.wire import DamagedError

#: A network of 1,000 operators has 8,000 tables.
MOST_TABLES = 100_000
#: References between tables, numbers of operators' inputs and outputs, and sizes of shapes.
MOST_NUMBERS = 1_000_000
_LEAST_TEXT = 1 << 20  # bytes of names that any file may have
_DTYPES = {kind: np.dtype(code) for kind, code in SCALARS.items()}
_BY_NUMBER = {number: (name, fields) for name, (number, fields) in OPTIONS.items()}

Vector = npt.NDArray[Any]


class Table:
    """A table: what its fields are, by their names in the schema.

    A field that is left out is its default, or None for a text, a table or a vector.

    Attributes
    ----------
    kind : str
        The table's name in the schema.
    """

    __slots__ = ("_values", "kind")

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        self.kind, self._values = kind, values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"{self.kind} has no field {name!r}") from None

    def items(self) -> ItemsView[str, Any]:
        """Return all fields, each with its name."""
        return self._values.items()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, or a default where this kind of table has none of that name."""
        return self._values.get(name, default)


def read_root(content: memoryview) -> Table:
    """Return the table ``Model`` of a file, and all that it leads to.

    Raises
    ------
    DamagedError
        It is no LiteRT file, or something in it points beyond its end.
    """
    if len(content) < 8 or bytes(content[4:8]) != IDENTIFIER:
        raise DamagedError(f"it does not have {IDENTIFIER.decode()} after its first four bytes")
    return _Reading(content).table(_unsigned(content, 0), "Model", TABLES["Model"])


def _unsigned(content: memoryview, at: int) -> int:
    (number,) = struct.unpack_from("<I", content, at)
    return int(number)


class _Reading:
    """What has been read of a file, by its position, and what may still be read."""

    def __init__(self, content: memoryview) -> None:
        self.content, self.size = content, len(content)
        self.tables: dict[tuple[int, str], Table] = {}
        self.texts: dict[int, str] = {}
        self.numbers_left = MOST_NUMBERS
        self.text_left = self.size + _LEAST_TEXT

    def table(self, at: int, kind: str, fields: tuple[Field, ...]) -> Table:
        """Return the table at a position."""
        known = self.tables.get((at, kind))
        if known is not None:
            return known
        if len(self.tables) >= MOST_TABLES:
            raise DamagedError(f"it has more than {MOST_TABLES:,} tables")
        places = self._places(at)
        values: dict[str, Any] = {}
        made = self.tables[at, kind] = Table(kind, values)
        for field in fields:
            place = places[field.slot] if field.slot < len(places) else 0
            values[field.name] = self._field(field, at + place, values) if place else self._left_out(field)
        return made

    def _places(self, at: int) -> tuple[int, ...]:
        """Return where each field lies behind a table's beginning; 0 where it is left out."""
        self._check(at, 4)
        (back,) = struct.unpack_from("<i", self.content, at)
        start = at - back
        self._check(start, 4)
        length, size = struct.unpack_from("<HH", self.content, start)
        self._check(start, max(length, 4))
        self._check(at, max(size, 4))
        if length < 4 or length % 2:
            raise DamagedError("a table in it does not say where its fields are")
        places: tuple[int, ...] = struct.unpack_from(f"<{length // 2 - 2}H", self.content, start + 4)
        return places

    def _check(self, at: int, size: int) -> None:
        if at < 0 or at + size > self.size:
            raise DamagedError("it is cut short, or points beyond its end")

    def _left_out(self, field: Field) -> Any:
        return field.default if field.kind in SCALARS else None

    def _field(self, field: Field, at: int, before: dict[str, Any]) -> Any:
        kind = field.kind
        if kind in _DTYPES:
            self._check(at, _DTYPES[kind].itemsize)
            return np.frombuffer(self.content, _DTYPES[kind], 1, at)[0].item()
        self._check(at, 4)
        target = at + _unsigned(self.content, at)
        if kind == "string":
            return self._text(target)
        if kind == "options":
            name, fields = _BY_NUMBER.get(before[f"{field.name}_type"], ("", ()))
            return self.table(target, name, fields) if name else None
        if kind.startswith("["):
            return self._vector(target, kind[1:-1])
        return self.table(target, kind, TABLES[kind])

    def _text(self, at: int) -> str:
        if at not in self.texts:
            length = self._length(at, 1)
            self.text_left -= length
            if self.text_left < 0:
                raise DamagedError("the names in it are longer than the file")
            self.texts[at] = str(self.content[at + 4 : at + 4 + length], "utf-8", "replace")
        return self.texts[at]

    def _length(self, at: int, itemsize: int) -> int:
        self._check(at, 4)
        length = _unsigned(self.content, at)
        self._check(at + 4, length * itemsize)
        return length

    def _vector(self, at: int, kind: str) -> Any:
        dtype = _DTYPES.get(kind)
        length = self._length(at, 4 if dtype is None else dtype.itemsize)
        if dtype is not None and kind != "int32":  # weights, and one number for each channel
            return np.frombuffer(self.content, dtype, length, at + 4)
        self.numbers_left -= length
        if self.numbers_left < 0:
            raise DamagedError(f"it has more than {MOST_NUMBERS:,} references and sizes")
        if dtype is not None:
            return np.frombuffer(self.content, dtype, length, at + 4).tolist()
        places = range(at + 4, at + 4 + 4 * length, 4)
        if kind == "string":
            return [self._text(place + _unsigned(self.content, place)) for place in places]
        return [self.table(place + _unsigned(self.content, place), kind, TABLES[kind]) for place in places]
