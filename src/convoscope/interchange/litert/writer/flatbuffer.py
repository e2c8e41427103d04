"""``flatbuffer``: tables as nested dictionaries become the bytes of a LiteRT file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError
from convoscope.interchange.litert.schema import IDENTIFIER, OPTIONS, SCALARS, TABLES, Field
from convoscope.wording import installing

_ALIGNMENT = 16  # bytes: what a buffer's data begins at a multiple of


def library() -> Any:
    """Return the library, or say how to install it."""
    try:
        import flatbuffers
    except ImportError:
        raise ConfigurationError(
            f"LiteRT files need the library flatbuffers, which is not installed. Install it: {installing('litert')}."
        ) from None
    return flatbuffers


def flatbuffer(
    root: Mapping[str, Any],
    kind: str = "Model",
    tables: Mapping[str, Sequence[Field]] = TABLES,
    identifier: bytes = IDENTIFIER,
) -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    root : mapping of str to Any
        The table at the root: by a field's name a number, a text, a table, or a sequence of these. Fields that are left
        out, or None, are not written. ``builtin_options`` is ``(name of the table, table)``.
    kind : str
        Which of the tables it is.
    tables : mapping of str to sequence of Field
        The fields of each.
    identifier : bytes
        The four bytes that say what kind of file it is.
    """
    builder = _Builder(tables)
    return builder.finished(builder.table(tables[kind], root), identifier)


class _Builder:
    """What grows from the file's end to its beginning: what is pointed to is written before what points to it."""

    def __init__(self, tables: Mapping[str, Sequence[Field]]) -> None:
        self._tables = tables
        self._builder = library().Builder(1024)
        self._texts: dict[str, int] = {}

    def finished(self, root: int, identifier: bytes) -> bytes:
        """Return everything."""
        self._builder.Finish(root, file_identifier=identifier)
        return bytes(self._builder.Output())

    def table(self, fields: Sequence[Field], values: Mapping[str, Any]) -> int:
        """Write a table, and return where it is."""
        unknown = set(values) - {field.name for field in fields}
        assert not unknown, unknown
        given = [(field, values[field.name]) for field in fields if values.get(field.name) is not None]
        places = {field.name: self._place(field, value) for field, value in given if field.kind not in SCALARS}
        self._builder.StartObject(max((field.slot for field in fields), default=-1) + 1)
        for field, value in given:
            if field.kind in SCALARS:
                prepend = getattr(self._builder, f"Prepend{field.kind.capitalize()}Slot")
                prepend(field.slot, float(value) if field.kind == "float32" else int(value), field.default)
            else:
                self._builder.PrependUOffsetTRelativeSlot(field.slot, places[field.name], 0)
        return int(self._builder.EndObject())

    def _place(self, field: Field, value: Any) -> int:
        if field.kind == "options":
            name, options = value
            return self.table(OPTIONS[name][1], options)
        if field.kind == "string":
            if value not in self._texts:
                self._texts[value] = self._builder.CreateString(value)
            return self._texts[value]
        if not field.kind.startswith("["):
            return self.table(self._tables[field.kind], value)
        of = field.kind[1:-1]
        if of in SCALARS:
            return self._numbers(np.ascontiguousarray(value, SCALARS[of]), _ALIGNMENT if of == "uint8" else 1)
        places = [self.table(self._tables[of], each) for each in value]
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return int(self._builder.EndVector())

    def _numbers(self, values: npt.NDArray[Any], alignment: int) -> int:
        """Write a vector of numbers at once."""
        size = values.dtype.itemsize
        self._builder.StartVector(size, values.size, max(size, alignment))
        self._builder.head = self._builder.Head() - values.nbytes
        self._builder.Bytes[self._builder.Head() : self._builder.Head() + values.nbytes] = values.tobytes()
        return int(self._builder.EndVector())
