"""How closely the native engine keeps to sums of products in float32."""

from __future__ import annotations

from convoscope.errors import unknown_name

#: The default first. "exact" and "direct" round less and take longer, "bf16" rounds the factors of products.
PRECISIONS = ("float32", "exact", "direct", "bf16")


def check_precision(name: object) -> None:
    """Raise UnknownNameError if the native engine has no precision of that name."""
    if not isinstance(name, str) or name not in PRECISIONS:
        raise unknown_name("precision", name, PRECISIONS)
