"""Names of classes in Teachable Machine's ``labels.txt``, which lies beside its ``keras_model.h5``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convoscope.paths import is_there, open_regular

NAME = "labels.txt"
_LARGEST = 1 << 20


def beside(path: Path, output_shape: Any) -> list[str] | None:
    """Return the names in the file beside a model; None if there is none, or it does not fit the model's output."""
    place = path.with_name(NAME)
    if not is_there(place):
        return None
    with open_regular(place) as file:
        content = file.read(_LARGEST)
    names = read(content.decode("utf-8-sig", "replace"))
    classes = output_shape[-1] if isinstance(output_shape, tuple) else None
    return names if names is not None and len(names) == classes else None


def read(text: str) -> list[str] | None:
    """Return the names that lines such as ``0 Apple`` give, in the order of their numbers.

    Examples
    --------
    >>> read("0 Apple\\n1 Golden Delicious\\n")
    ['Apple', 'Golden Delicious']
    """
    found: dict[int, str] = {}
    for line in text.splitlines():
        number, _, name = line.strip().partition(" ")
        if not line.strip():
            continue
        if not (number.isascii() and number.isdecimal() and len(number) < 6) or int(number) in found:
            return None
        found[int(number)] = name.strip() or number
    return [found[number] for number in range(len(found))] if sorted(found) == list(range(len(found))) else None
