"""Words that explanations share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError


def check_position(row: Any, column: Any, positions: tuple[int, int]) -> None:
    """Say so if a result has no such pixel."""
    for what, position, size in (("row", row, positions[0]), ("column", column, positions[1])):
        if isinstance(position, bool) or not isinstance(position, int | np.integer) or not 0 <= position < size:
            raise ConfigurationError(
                f"The result has {positions[0]} rows and {positions[1]} columns, so the {what} is a whole number from "
                f"0 to {size - 1}, but got {position!r}."
            )


def lies_on(rows: Sequence[int], columns: Sequence[int]) -> str:
    """Say which of an image's rows and columns something lies on."""
    return f"{_range('row', rows)} and {_range('column', columns)} of the image"


def _range(what: str, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"{what} {numbers[0]}"
    step = numbers[1] - numbers[0]
    return f"{what}s {numbers[0]} to {numbers[-1]}" + (f", each {step}," if step > 1 else "")


def middle_of(rows: int, columns: int) -> str:
    """Say where a window's pixel belongs if it has no middle; nothing if it has one."""
    sides = [words for words, size in (("above", rows), ("left of", columns)) if size % 2 == 0]
    if not sides:
        return ""
    return f"A {rows}×{columns} kernel has no centre: the new pixel belongs to the cell {' and '.join(sides)} it."


def channel_name(channel: int, depth: int) -> str:
    """Name one of an image's channels."""
    return ("red", "green", "blue")[channel] if depth == 3 else f"channel {channel}"


def as_text(number: Any) -> str:
    """Write a number with six digits, and a whole one as it is."""
    return f"{float(number):.6g}" if not float(number).is_integer() else f"{int(number)}"
