"""Pickled dictionaries of arrays, lists and texts, as CIFAR's batches are, read without running any of their code.

Pickle is a program for a small stack machine. Its instructions that call functions are what makes it dangerous, so
this is a machine without calls: it knows the instructions that such files use, and three names, of NumPy's arrays and
types and of Python's bytes, for each of which it builds what they mean itself. At all else it stops.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import FileFormatError

_MARK = object()
#: What the names mean; NumPy has moved one of them.
_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy", "ndarray"): "array type",
    ("numpy", "dtype"): "type",
    ("_codecs", "encode"): "bytes",
}
_KINDS = re.compile(r"[<>|]([ui][1248]|f[248]|b1)")
_MOST_AXES = 4
_LONGEST_NUMBER = 16  # bytes


class _Name:
    """One of the known names."""

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning


class _Array:
    """An array that is named and not filled yet, or a type of numbers without its byte order."""

    def __init__(self, kind: str = "") -> None:
        self.kind = kind
        self.values: npt.NDArray[Any] | None = None


class _UnknownError(Exception):
    """Something in a pickle that no file of arrays has."""


def read_pickled(content: bytes, what: str) -> dict[str, Any]:
    """Read a pickled dictionary, of the protocols 2 to 4.

    Parameters
    ----------
    content : bytes
        The pickle.
    what : str
        What messages call it.

    Returns
    -------
    dict
        Arrays, and lists, texts, bytes and numbers as they are. Keys that are bytes are decoded.

    Raises
    ------
    FileFormatError
        It is damaged, cut short, no dictionary, or has something else in it: then nothing of it was run.

    Examples
    --------
    >>> import pickle
    >>> read_pickled(pickle.dumps({b"labels": [3, 4]}, protocol=2), "the file")
    {'labels': [3, 4]}
    """
    machine = _Machine(memoryview(content))
    try:
        found = machine.run()
    except _UnknownError as error:
        raise FileFormatError(
            f"{what} is a pickle that is not read: it {error}, which no file of arrays has. None of it was run. "
            f"Replace it with the published file."
        ) from error
    except (LookupError, TypeError, ValueError, AttributeError, struct.error, OverflowError) as error:
        raise FileFormatError(
            f"{what} is damaged, cut short, or no pickle at all. Replace it with the published file."
        ) from error
    if not isinstance(found, dict):
        raise FileFormatError(f"{what} was to hold a dictionary, and holds a {type(found).__name__}. Replace it.")
    return {_text(key): _filled(value, what) for key, value in found.items()}


class _Machine:
    """The stack, what is remembered, and how far the program was read."""

    def __init__(self, code: memoryview) -> None:
        self.code, self.at = code, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Follow the program to its end, and give what it leaves."""
        while (instruction := bytes(self.take(1))) != b".":
            step = _INSTRUCTIONS.get(instruction)
            if step is None:
                raise _UnknownError(f"has the instruction {instruction!r}")
            step(self)
        return self.stack.pop()

    def take(self, count: int) -> memoryview:
        """Give the next bytes."""
        if not 0 <= count <= len(self.code) - self.at:
            raise ValueError("cut short")
        self.at += count
        return self.code[self.at - count : self.at]

    def number(self, form: str) -> int:
        """Give a number that is written in the program."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> str:
        """Give the text up to the next line break."""
        end = self.at
        while self.code[end] != 10:
            end += 1
        text = bytes(self.take(end - self.at)).decode()
        self.take(1)
        return text

    def to_mark(self) -> list[Any]:
        """Take from the stack what was put there since the last mark."""
        start = len(self.stack)
        while self.stack[start - 1] is not _MARK:
            start -= 1
            if not start:
                raise ValueError("no mark")
        found = self.stack[start:]
        del self.stack[start - 1 :]
        return found

    def popped(self, count: int) -> list[Any]:
        """Take so many values from the stack."""
        if len(self.stack) < count:
            raise ValueError("nothing there")
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def put(self, pairs: list[Any]) -> None:
        """Put keys and values into the dictionary on the stack."""
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError("no dictionary")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, (str, bytes)):  # hashing others can take for ever
                raise TypeError("no text")
            target[key] = value

    def append(self, values: list[Any]) -> None:
        """Append to the list on the stack."""
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError("no list")
        target.extend(values)

    def name(self, module: str, name: str) -> None:
        """Push what a name means."""
        if (module, name) not in _NAMES:
            raise _UnknownError(f"names {module}.{name}")
        self.push(_Name(_NAMES[module, name]))

    def call(self) -> None:
        """Build what a known name means with its arguments: nothing is called."""
        name, arguments = self.popped(2)
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise _UnknownError("calls what is no name")
        if name.meaning == "bytes":
            text, encoding = arguments
            if encoding != "latin1":
                raise _UnknownError(f"encodes a text as {encoding}")
            self.push(text.encode("latin1"))
        elif name.meaning == "type":
            self.push(_Array(_text(arguments[0])))
        elif name.meaning == "array":
            self.push(_Array())
        else:
            raise _UnknownError("calls a type")

    def build(self) -> None:
        """Fill an array, or set the byte order of a type."""
        target, state = self.popped(2)
        if not isinstance(target, _Array) or not isinstance(state, tuple):
            raise _UnknownError("fills what is no array")
        if target.kind:
            order = _text(state[1])
            target.kind = f"{'<' if order == '<' else '>' if order == '>' else '|'}{target.kind.lstrip('<>|=')}"
        else:
            _, shape, kind, by_columns, content = state
            target.values = _array(shape, kind.kind, by_columns, content)
        self.push(target)


def _array(shape: Any, kind: str, by_columns: Any, content: Any) -> npt.NDArray[Any]:
    """Make an array of numbers of its bytes."""
    if not _KINDS.fullmatch(kind) or len(shape) > _MOST_AXES or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise _UnknownError(f"has an array of type {kind!r} and shape {shape}")
    data = content.encode("latin1") if isinstance(content, str) else content
    values: npt.NDArray[Any] = np.frombuffer(data, np.dtype(kind)).reshape(shape, order="F" if by_columns else "C")
    return values


def _filled(value: Any, what: str) -> Any:
    if not isinstance(value, _Array):
        return value
    if value.values is None:
        raise FileFormatError(f"{what} has an array without values. Replace it with the published file.")
    return value.values


def _text(value: Any) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _sized(form: str, make: Callable[[bytes], Any]) -> Callable[[_Machine], None]:
    """Return the instruction that pushes what follows: its length, and so many bytes."""
    return lambda machine: machine.push(make(bytes(machine.take(machine.number(form)))))


def _skip(form: str) -> Callable[[_Machine], None]:
    def instruction(machine: _Machine) -> None:
        machine.number(form)

    return instruction


def _whole(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.number(form))


def _long(machine: _Machine) -> None:
    length = machine.number("<B")
    if length > _LONGEST_NUMBER:
        raise _UnknownError(f"has a number of {length} bytes")
    machine.push(int.from_bytes(machine.take(length), "little", signed=True))


def _tuple(count: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(tuple(machine.popped(count)))


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


def _get(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.memo[machine.number(form)])


def _put(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.memo.__setitem__(machine.number(form), machine.stack[-1])


_INSTRUCTIONS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _skip("<B"),  # the protocol
    b"\x95": _skip("<Q"),  # the length of what follows
    b"(": lambda m: m.push(_MARK),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"}": lambda m: m.push({}),
    b"]": lambda m: m.push([]),
    b")": lambda m: m.push(()),
    b"K": _whole("<B"),
    b"M": _whole("<H"),
    b"J": _whole("<i"),
    b"\x8a": _long,
    b"U": _sized("<B", bytes),  # SHORT_BINSTRING, as Python 2 writes it
    b"T": _sized("<i", bytes),
    b"C": _sized("<B", bytes),
    b"B": _sized("<I", bytes),
    b"\x8e": _sized("<Q", bytes),
    b"\x8c": _sized("<B", _decoded),
    b"X": _sized("<I", _decoded),
    b"\x8d": _sized("<Q", _decoded),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"t": lambda m: m.push(tuple(m.to_mark())),
    b"l": lambda m: m.push(m.to_mark()),
    b"a": lambda m: m.append(m.popped(1)),
    b"e": lambda m: m.append(m.to_mark()),
    b"s": lambda m: m.put(m.popped(2)),
    b"u": lambda m: m.put(m.to_mark()),
    b"q": _put("<B"),
    b"r": _put("<I"),
    b"\x94": lambda m: m.memo.__setitem__(len(m.memo), m.stack[-1]),
    b"h": _get("<B"),
    b"j": _get("<I"),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": lambda m: m.name(*map(_text, m.popped(2))),
    b"R": lambda m: m.call(),
    b"b": lambda m: m.build(),
}
