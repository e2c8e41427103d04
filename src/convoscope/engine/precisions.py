"""How closely the native engine keeps to plain sums of products."""

from __future__ import annotations

from convoscope.errors import unknown_name

#: Each rounds less than the one before, or takes longer.
PRECISIONS = ("float32", "exact", "direct")


def check_precision(name: object) -> None:
    """Raise UnknownNameError if the native engine has no precision of that name."""
    if not isinstance(name, str) or name not in PRECISIONS:
        raise unknown_name("precision", name, PRECISIONS)
