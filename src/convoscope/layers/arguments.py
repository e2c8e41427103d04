"""What layers do with their constructor arguments: turn them into one form, or say what is wrong with them."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex

from convoscope.errors import ConfigurationError, unknown_name

Pair = tuple[int, int]
Bounds = tuple[float, float]
Shape = tuple[int, ...]


def integer(value: Any, argument: str, where: str, *, minimum: int = 1) -> int:
    """Return `value` as an int of at least `minimum`, or say which argument of which layer is not one."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise ConfigurationError(f"{where}: {argument} must be a whole number, but is {value!r}.")
    number = operator.index(value)
    if number < minimum:
        raise ConfigurationError(f"{where}: {argument} must be at least {minimum}, but is {number}.")
    return number


def pair(value: Any, argument: str, where: str, *, minimum: int = 1) -> Pair:
    """Return ``3`` or ``(3, 3)`` as ``(3, 3)``: height first, then width."""
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, SupportsIndex)):
        raise ConfigurationError(f"{where}: {argument} must be one whole number or two, but is {value!r}.")
    if isinstance(value, SupportsIndex):
        number = integer(value, argument, where, minimum=minimum)
        return number, number
    if len(value) != 2:
        raise ConfigurationError(
            f"{where}: {argument} must be one whole number or two (height, width), but has {len(value)}: {value!r}."
        )
    return (
        integer(value[0], argument, where, minimum=minimum),
        integer(value[1], argument, where, minimum=minimum),
    )


def fraction(value: Any, argument: str, where: str) -> float:
    """Return `value` as a float in [0, 1)."""
    number = real(value, argument, where)
    if not 0.0 <= number < 1.0:
        raise ConfigurationError(f"{where}: {argument} must be at least 0 and below 1, but is {value!r}.")
    return number


def real(value: Any, argument: str, where: str) -> float:
    """Return `value` as a float."""
    if isinstance(value, (str, bool)):
        raise ConfigurationError(f"{where}: {argument} must be a number, but is {value!r}.")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{where}: {argument} must be a number, but is {value!r}.") from None


def bounds(value: Any, argument: str, where: str, *, least: float = -1.0) -> Bounds:
    """Return a factor as its two ends in [`least`, 1]: ``0.2`` as (-0.2, 0.2), or as (0, 0.2) where `least` is 0."""
    both = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    if both and len(value) != 2:
        raise ConfigurationError(f"{where}: {argument} must be one number or two, but has {len(value)}: {value!r}.")
    ends = [real(end, argument, where) for end in (value if both else [value])]
    if not all(least <= end <= 1.0 for end in ends):
        raise ConfigurationError(f"{where}: {argument} must be from {least:g} to 1, but is {value!r}.")
    if both:
        return min(ends), max(ends)
    return (-abs(ends[0]) if least < 0 else 0.0), abs(ends[0])


def padding_mode(value: Any, where: str) -> str:
    """Return ``"valid"`` or ``"same"``, in lower case."""
    name = str(value).lower()
    if name not in ("valid", "same"):
        raise unknown_name(f"padding mode for {where}", value, ["valid", "same"])
    return name


def shape(value: Any, argument: str, where: str) -> Shape:
    """Return a shape without the batch axis as a tuple of positive ints."""
    if isinstance(value, SupportsIndex):
        value = (value,)
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ConfigurationError(f"{where}: {argument} must be a tuple of whole numbers, but is {value!r}.")
    if any(axis is None for axis in value):
        raise ConfigurationError(
            f"{where}: {argument} is {tuple(value)!r}, but every axis needs a size, as in (28, 28, 1): the weights and "
            "the plan of the computation depend on it. Leave out the batch axis; it is always free."
        )
    return tuple(integer(axis, argument, where) for axis in value)


# Keras has these arguments; only the values listed here mean something Convoscope computes.
_ACCEPTED: Mapping[str, tuple[Any, ...]] = {
    "data_format": (None, "channels_last"),
    "groups": (None, 1),
    "dtype": (None, "float32"),
    "batch_size": (None,),
    "noise_shape": (None,),
    "kernel_regularizer": (None,),
    "bias_regularizer": (None,),
    "activity_regularizer": (None,),
    "kernel_constraint": (None,),
    "bias_constraint": (None,),
    "beta_regularizer": (None,),
    "gamma_regularizer": (None,),
    "beta_constraint": (None,),
    "gamma_constraint": (None,),
    "renorm": (None, False),
    "synchronized": (None, False),
    "max_value": (None,),
    "threshold": (None, 0, 0.0),
    "ragged": (None, False),
    "sparse": (None, False),
    "quantization_config": (None,),
    "lora_rank": (None,),
}


def reject_unsupported(options: Mapping[str, Any], where: str, known: Sequence[str]) -> None:
    """Accept Keras arguments that are left at a value we compute; name those that are not."""
    for name, value in options.items():
        if name not in _ACCEPTED:
            raise unknown_name(f"argument of {where}", name, known)
        accepted = _ACCEPTED[name]
        if not any(value is allowed or (allowed is not None and value == allowed) for allowed in accepted):
            usable = " or ".join(repr(allowed) for allowed in accepted)
            why = (
                "Images are always height × width × channels, in float32: " if name in ("data_format", "dtype") else ""
            )
            raise ConfigurationError(
                f"{where}: {why}{name}={value!r} is not supported; leave it out, or set it to {usable}."
            )
