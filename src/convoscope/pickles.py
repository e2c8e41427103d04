"""Pickles of plain values, read without running any of their code.

A pickle is a program for a small stack machine. Its instructions that import and call are what makes it dangerous, so
this is a machine without them: it knows the instructions that files of arrays use, and whoever reads a kind of file
gives it the few names that such a file may have in it, each with a function that builds what is meant. At all else
it stops. Time and memory are bounded by the length of the pickle: nothing here recurses, and nothing is compared or
hashed but texts and short numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

_MARK = object()
_LONGEST_NUMBER = 16  # bytes
_LONGEST_NAME = 1_000  # characters, of keys and of what is imported: comparing long ones again and again takes hours
_LARGEST_KEY = 2**31  # so that nobody can choose keys that all fall into one place of a dictionary
#: What goes wrong where a pickle is damaged, and when a function for a name takes its arguments apart.
DAMAGED = (LookupError, TypeError, ValueError, AttributeError, struct.error, OverflowError)


class UnknownInPickleError(Exception):
    """Something that is not followed; the message goes on after "it": ``names os.system``.

    Attributes
    ----------
    name : str or None
        The function or class that the pickle names, if that is what is unknown.
    """

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class Filled:
    """Something that a pickle makes first and fills later: its function for a name returns one."""

    def fill(self, state: Any) -> None:
        """Take the state that follows."""
        raise NotImplementedError


class KnownName:
    """One of the known names, as it stands among the values: `meaning` is what the reader said that it means."""

    def __init__(self, meaning: Any) -> None:
        self.meaning = meaning


class PickleMachine:
    """The stack, what is remembered, and how far the program was read.

    Parameters
    ----------
    code : buffer
        One or more pickles of the protocols 2 to 5, one after the other. There may be more behind them.
    names : mapping of (module, name) to object
        What each name means: a function of the reader's, which builds what the call of the name is to make, or a value
        that cannot be called. Arguments may be of any kind: a `TypeError`, `ValueError` or `LookupError` says that
        they are not right.
    persistent : callable, optional
        What builds the things that a pickle has outside of itself, from their identification.
    at : int
        Where the first pickle begins.
    most : int
        How many instructions are followed at most.

    Examples
    --------
    >>> import pickle
    >>> PickleMachine(memoryview(pickle.dumps({"labels": [3, 4]}))).run()
    {'labels': [3, 4]}
    """

    def __init__(
        self,
        code: memoryview,
        names: Mapping[tuple[str, str], Any] | None = None,
        persistent: Callable[[Any], Any] | None = None,
        *,
        at: int = 0,
        most: int = 5_000_000,
    ) -> None:
        self.code, self.at = code, at
        self.names = {} if names is None else names
        self.persistent = persistent
        self.left = most
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Follow one pickle to its end, and return what it leaves; `at` is behind it then.

        Raises
        ------
        UnknownInPickleError
            An instruction or a name is not known.
        LookupError, TypeError, ValueError, AttributeError, struct.error, OverflowError
            It is damaged, cut short or no pickle: see `DAMAGED`.
        """
        self.stack.clear()
        self.memo.clear()
        while (instruction := bytes(self.take(1))) != b".":
            step = _INSTRUCTIONS.get(instruction)
            if step is None:
                raise UnknownInPickleError(f"has the instruction {instruction!r}")
            self.left -= 1
            if self.left < 0:
                raise UnknownInPickleError("has too many instructions")
            step(self)
        return self.popped(1)[0]

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
            if end - self.at > _LONGEST_NAME:
                raise ValueError("no end of the line")
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
        if any(value is _MARK for value in found):
            raise ValueError("a mark")
        return found

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def put(self, pairs: list[Any]) -> None:
        """Put keys and values into the dictionary on the stack."""
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError("no dictionary")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[checked_key(key)] = value

    def append(self, values: list[Any]) -> None:
        """Append to the list on the stack."""
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError("no list")
        target.extend(values)

    def name(self, module: str, name: str) -> None:
        """Push what a name means."""
        if (module, name) not in self.names:
            shown = f"{module}.{name}"[:200]
            shown = shown if shown.isprintable() else ascii(shown)
            raise UnknownInPickleError(f"refers to {shown}", shown)
        self.push(KnownName(self.names[module, name]))

    def call(self) -> None:
        """Build what a known name means with its arguments: nothing of the pickle's is called."""
        name, arguments = self.popped(2)
        if not isinstance(name, KnownName) or not isinstance(arguments, tuple):
            raise UnknownInPickleError("calls something that is not a name")
        self.push(name.meaning(*arguments))

    def fill(self) -> None:
        """Fill what was made before; of dictionaries the attributes are left out."""
        target, state = self.popped(2)
        if isinstance(target, Filled):
            target.fill(state)
        elif not isinstance(target, dict):
            raise UnknownInPickleError(f"fills a {type(target).__name__}")
        self.push(target)

    def refer(self) -> None:
        """Build what is not in the pickle itself."""
        if self.persistent is None:
            raise UnknownInPickleError("refers to parts outside the file")
        self.push(self.persistent(*self.popped(1)))


def as_text(value: Any) -> str:
    """Return a text, also one that Python 2 wrote as bytes."""
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def checked_key(key: Any) -> Any:
    """Return a key of a dictionary if it is a text of some length or a number."""
    if isinstance(key, (str, bytes)) and len(key) <= _LONGEST_NAME:
        return key
    if isinstance(key, int) and abs(key) < _LARGEST_KEY:
        return key
    raise TypeError("neither a short text nor a number")


def encoded(text: Any, encoding: Any) -> bytes:
    """Return what ``_codecs.encode`` is called for: bytes, which the older protocols write as a text."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError("no bytes in a text")
    return text.encode("latin1")


_Step = Callable[[PickleMachine], None]


def _sized(form: str, make: Callable[[bytes], Any]) -> _Step:
    """Return the instruction that pushes what follows: its length, and so many bytes."""
    return lambda machine: machine.push(make(bytes(machine.take(machine.number(form)))))


def _skip(form: str) -> _Step:
    def instruction(machine: PickleMachine) -> None:
        machine.number(form)

    return instruction


def _whole(form: str) -> _Step:
    return lambda machine: machine.push(machine.number(form))


def _long(machine: PickleMachine) -> None:
    length = machine.number("<B")
    if length > _LONGEST_NUMBER:
        raise UnknownInPickleError(f"has a number of {length} bytes")
    machine.push(int.from_bytes(machine.take(length), "little", signed=True))


def _tuple(count: int) -> _Step:
    return lambda machine: machine.push(tuple(machine.popped(count)))


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


def _get(form: str) -> _Step:
    return lambda machine: machine.push(machine.memo[machine.number(form)])


def _put(form: str) -> _Step:
    return lambda machine: _remember(machine, machine.number(form))


def _remember(machine: PickleMachine, number: int) -> None:
    machine.push(kept := machine.popped(1)[0])
    machine.memo[number] = kept


_INSTRUCTIONS: dict[bytes, _Step] = {
    b"\x80": _skip("<B"),  # the protocol
    b"\x95": _skip("<Q"),  # the length of what follows
    b"(": lambda m: m.push(_MARK),
    b"0": lambda m: m.stack.__delitem__(-1),
    b"1": lambda m: m.to_mark().clear(),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"}": lambda m: m.push({}),
    b"]": lambda m: m.push([]),
    b")": lambda m: m.push(()),
    b"G": lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
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
    b"\x94": lambda m: _remember(m, len(m.memo)),
    b"h": _get("<B"),
    b"j": _get("<I"),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": lambda m: m.name(*map(as_text, m.popped(2))),
    b"R": lambda m: m.call(),
    b"b": lambda m: m.fill(),
    b"Q": lambda m: m.refer(),
}
