"""What a file of JSON has to hold, declared by kinds of values; whoever reads it learns which value is wrong.

A kind answers one question: `problem` says what is wrong with a value, or None. Kinds are put together, so that the
declaration of a file is its documentation.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from convoscope.errors import FileFormatError

_LARGEST = 1 << 53  # beyond it a whole number is no longer the same as a float
_SHOWN = 80  # characters of a wrong value


class Kind(Protocol):
    """What a value has to be."""

    @property
    def expected(self) -> str:
        """It in words: ``"a number"``."""

    def problem(self, value: Any, key: str) -> str | None:
        """Say what is wrong with the value at `key`, or None."""


@dataclass(frozen=True)
class Plain:
    """A single value that something holds for."""

    expected: str
    holds: Callable[[Any], bool]

    def problem(self, value: Any, key: str) -> str | None:
        """Say so if it does not hold."""
        return None if self.holds(value) else f"{key} must be {self.expected}, but is {_came(value)}"


@dataclass(frozen=True)
class OrNone:
    """What may be null."""

    kind: Kind

    @property
    def expected(self) -> str:
        """What it is otherwise."""
        return f"{self.kind.expected} or null"

    def problem(self, value: Any, key: str) -> str | None:
        """Say what is wrong if it is not null."""
        return None if value is None else self.kind.problem(value, key)


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind, of at least so many."""

    kind: Kind
    least: int = 0
    expected: str = "a list"

    def problem(self, value: Any, key: str) -> str | None:
        """Say what is wrong with the list, or with the first wrong value in it."""
        if not isinstance(value, list) or len(value) < self.least:
            return f"{key} must be {self.expected}, but is {_came(value)}"
        found = (self.kind.problem(each, f"{key}[{index}]") for index, each in enumerate(value))
        return next((problem for problem in found if problem is not None), None)


@dataclass(frozen=True)
class Record:
    """A JSON object: keys that must be there, keys that may be, and what all others have to be."""

    needed: Mapping[str, Kind] = field(default_factory=dict)
    optional: Mapping[str, Kind] = field(default_factory=dict)
    others: Kind | None = None
    expected: str = "a JSON object"

    def problem(self, value: Any, key: str) -> str | None:
        """Say which key is missing or wrong."""
        if not isinstance(value, dict):
            return f"{key or 'it'} must be {self.expected}, but is {_came(value)}"
        for name, kind in self.needed.items():
            if name not in value:
                return f"missing: {_below(key, name)}, which must be {kind.expected}"
        known = {**self.needed, **self.optional}
        for name, each in value.items():
            wanted = known.get(name, self.others)
            if wanted is not None and (problem := wanted.problem(each, _below(key, name))) is not None:
                return problem
        return None


def whole(least: int = 0, most: int = _LARGEST) -> Plain:
    """Return the kind of whole numbers between two."""
    bounds = f"{least} or more" if most == _LARGEST else f"from {least} to {most:,}"
    return Plain(f"a whole number, {bounds}", lambda value: _is_whole(value) and least <= value <= most)


def number(least: float = -math.inf, most: float = math.inf) -> Plain:
    """Return the kind of finite numbers between two."""
    bounds = "" if least == -math.inf else f" from {least:g}" + ("" if most == math.inf else f" to {most:g}")
    return Plain(
        f"a finite number{bounds}", lambda value: _is_number(value) and math.isfinite(value) and least <= value <= most
    )


def one_of(*values: Any) -> Plain:
    """Return the kind of a few values."""
    named = ", ".join("null" if value is None else repr(value) for value in values)
    return Plain(f"one of {named}", lambda value: any(value is each or value == each for each in values))


TEXT = Plain("text without NUL characters", lambda value: isinstance(value, str) and "\0" not in value)
FLAG = Plain("true or false", lambda value: isinstance(value, bool))
SHARE = number(0, 1)
MEASURED = Plain("a number", lambda value: _is_number(value))  # a loss may be infinite, or not a number
NOTHING = Plain("null", lambda value: value is None)


def check(value: Any, kind: Kind, where: Path | str) -> None:
    """Check what was read.

    Raises
    ------
    FileFormatError
        With the file, the key, what was expected, and what came.
    """
    if (problem := kind.problem(value, "")) is not None:
        raise FileFormatError(f"{where} is damaged: {problem}.")


def _below(key: str, name: Any) -> str:
    return f"{key}.{name}" if key else str(name)


def _came(value: Any) -> str:
    if isinstance(value, dict):
        return "a JSON object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    shown = repr(value) if isinstance(value, str) else json.dumps(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (_is_whole(value) and abs(value) <= _LARGEST)
