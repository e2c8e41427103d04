"""`Part`: what one call of a layer becomes in C."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.interchange.c.functions import FUNCTIONS
from convoscope.interchange.source import Called


@dataclass
class Part(Called):
    """A call of a layer, and what is written for it.

    Attributes
    ----------
    call : Call
    name : str
        The layer's, as C takes it; its numbers are called by it.
    inputs : list of str
        The expressions of pointers to what goes in.
    output : str
        That of a pointer to where the result goes.
    own : str
        That of a pointer to memory that the layer uses while it computes; empty for one that needs none.
    lines : list of str
        Calls of functions.
    used : set of str
        Which of `FUNCTIONS` they need.
    numbers : dict of str to array
        Constants by their names.
    """

    inputs: list[str]
    output: str
    own: str = ""
    lines: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    numbers: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    def number(self, name: str, values: npt.ArrayLike | None) -> str:
        """Note constants, and return their name: NULL if there are none."""
        if values is None:
            return "NULL"
        called = f"{self.name}_{name}"
        self.numbers[called] = np.asarray(values, np.float32)
        return called

    def do(self, function: str, *arguments: object) -> None:
        """Add a line that calls one of `FUNCTIONS`."""
        assert function in FUNCTIONS, function
        self.used.add(function)
        self.lines.append(f"{function}({', '.join(map(str, arguments))});")

    def value_by_value(self, function: str, *arguments: object) -> None:
        """Add a line for a function that takes what goes in, what comes out, and how many values there are."""
        self.do(function, self.inputs[0], self.output, prod(self.shape), *arguments)

    def activate(self, activation: str) -> None:
        """Add the activation of what was made."""
        if activation in ("softmax", "log_softmax"):
            self.do(activation, self.output, self.output, prod(self.made[:-1]), self.made[-1])
        elif activation != "linear":
            self.do(f"activate_{activation}", self.output, self.output, prod(self.made))


def literal(value: Any) -> str:
    """Return a number as C has it, exactly.

    Examples
    --------
    >>> literal(0.1), literal(2), literal(float("inf"))
    ('0.1f', '2.0f', 'INFINITY')
    """
    number = np.float32(value)
    if not np.isfinite(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    text = str(number)
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def quoted(text: str) -> str:
    """Return a text as C has it, in UTF-8.

    Examples
    --------
    >>> print(quoted('a "b"'), quoted("é?"))
    "a \\"b\\"" "\\303\\251\\077"
    """
    return '"' + "".join(_character(byte) for byte in text.encode("utf-8", "replace")) + '"'


def _character(byte: int) -> str:
    sign = chr(byte)
    if sign in '"\\':
        return f"\\{sign}"
    return sign if 32 <= byte < 127 and sign != "?" else f"\\{byte:03o}"  # two question marks begin a trigraph
