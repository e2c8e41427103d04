"""Checks of arguments: each turns a value into one form, or says what is wrong with it, and where."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex, TypeVar

from convoscope.errors import ConfigurationError, ShapeError, unknown_name
from convoscope.types import Bounds, Pair, Shape

# The same bounds as in native/core/checks.hpp. They are far beyond what a processor can train, and so small that no
# arithmetic of the core overflows, and that a file with a few odd numbers cannot ask for all memory.
#: The largest side, kernel, window, stride, factor, padding, and number of filters or units.
LARGEST_SIZE = 2**24
#: The most values that a layer may make of one sample, and that a weight may have.
MOST_VALUES = 2**28
_MOST_AXES = 16
_Kind = TypeVar("_Kind")
LARGEST_NUMBER = 3.4028234663852886e38  # of float32, in which everything is computed


def integer(value: Any, argument: str, where: str, *, minimum: int = 1, maximum: int | None = None) -> int:
    """Return `value` as an int within its bounds, or say which argument of which layer is not one."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise ConfigurationError(f"{where}: {argument} must be a whole number, but is {value!r}.") from None
    if number < minimum:
        raise ConfigurationError(f"{where}: {argument} must be at least {minimum}, but is {_shown(number)}.")
    if maximum is not None and number > maximum:
        raise ConfigurationError(f"{where}: {argument} must be at most {maximum:,}, but is {_shown(number)}.")
    return number


def size(value: Any, argument: str, where: str, *, minimum: int = 1) -> int:
    """Return `value` as a length in pixels, a number of filters or the like: an int up to `LARGEST_SIZE`."""
    return integer(value, argument, where, minimum=minimum, maximum=LARGEST_SIZE)


def check_values(shape: Sequence[int], what: str) -> None:
    """Say so if an array of this shape has more than `MOST_VALUES` values.

    Parameters
    ----------
    shape : sequence of int
    what : str
        The beginning of the message: ``"Conv2D 'conv2d': the output"``.
    """
    values = math.prod(shape)
    if values > MOST_VALUES:
        raise ShapeError(
            f"{what} of shape {tuple(shape)} has {_shown(values)} values, but at most {MOST_VALUES:,} are possible. "
            "Use smaller images, fewer filters or smaller factors."
        )


def _shown(number: int) -> str:
    """Return a number as text, which Python refuses to make of very long ones."""
    return str(number) if number.bit_length() < 512 else f"a number of {number.bit_length():,} bits"


def pair(value: Any, argument: str, where: str, *, minimum: int = 1) -> Pair:
    """Return ``3`` or ``(3, 3)`` as ``(3, 3)``: height first, then width."""
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, SupportsIndex)):
        raise ConfigurationError(f"{where}: {argument} must be one whole number or two, but is {value!r}.")
    if isinstance(value, SupportsIndex):
        number = size(value, argument, where, minimum=minimum)
        return number, number
    if len(value) != 2:
        raise ConfigurationError(
            f"{where}: {argument} must be one whole number or two (height, width), but has {len(value)}: {value!r}."
        )
    return (
        size(value[0], argument, where, minimum=minimum),
        size(value[1], argument, where, minimum=minimum),
    )


def axes(value: Any, argument: str, where: str) -> tuple[int, ...]:
    """Return ``-1`` or ``[1, 2]`` as a tuple of different whole numbers; which of them there are, the caller knows."""
    given = [value] if isinstance(value, SupportsIndex) else value
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence) or not 1 <= len(given) <= _MOST_AXES:
        raise ConfigurationError(f"{where}: {argument} must be one whole number or several, but is {value!r}.")
    numbers = tuple(integer(axis, argument, where, minimum=-_MOST_AXES, maximum=_MOST_AXES) for axis in given)
    if len(set(numbers)) < len(numbers):
        raise ConfigurationError(f"{where}: {argument} has an axis twice: {value!r}.")
    return numbers


def flag(value: Any, argument: str, where: str) -> bool:
    """Return whether `value` is true, or say that it is neither: an array of many values, say."""
    try:
        return bool(value)
    except Exception:  # whatever an object's own __bool__ comes up with
        raise ConfigurationError(f"{where}: {argument} must be True or False, but is {value!r}.") from None


def equal(value: Any, known: Any) -> bool:
    """Return whether two values are equal; what cannot be told, as of arrays, is not."""
    try:
        return bool(value == known)
    except Exception:  # whatever an object's own __eq__ comes up with
        return False


def text(value: Any, argument: str, where: str) -> str:
    """Return `value` if it is a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where}: {argument} must be a non-empty string, but is {value!r}.")
    return value


def fraction(value: Any, argument: str, where: str) -> float:
    """Return `value` as a float in [0, 1)."""
    number = real(value, argument, where, finite=False)
    if not 0.0 <= number < 1.0:
        raise ConfigurationError(f"{where}: {argument} must be at least 0 and below 1, but is {value!r}.")
    return number


def real(value: Any, argument: str, where: str, *, finite: bool = True) -> float:
    """Return `value` as a float that float32 can hold: finite, and not too large.

    With ``finite=False`` that is left to the caller, who knows narrower bounds to name.
    """
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise ConfigurationError(f"{where}: {argument} must be a number, but is {value!r}.") from None
    if finite and not abs(number) <= LARGEST_NUMBER:
        raise ConfigurationError(
            f"{where}: {argument} must be a finite number within float32's range, but is {number:g}."
        )
    return number


def bounds(value: Any, argument: str, where: str, *, least: float = -1.0) -> Bounds:
    """Return a factor as its two ends in [`least`, 1]: ``0.2`` as (-0.2, 0.2), or as (0, 0.2) where `least` is 0."""
    both = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    if both and len(value) != 2:
        raise ConfigurationError(f"{where}: {argument} must be one number or two, but has {len(value)}: {value!r}.")
    ends = [real(end, argument, where, finite=False) for end in (value if both else [value])]
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
            f"{where}: {argument} is {tuple(value)!r}, but every axis needs a size, as in (28, 28, 1): the number of "
            "weights depends on it. Leave out the batch axis, which can have any size."
        )
    if not 1 <= len(value) <= _MOST_AXES:
        raise ConfigurationError(
            f"{where}: {argument} must have from 1 to {_MOST_AXES} axes, as in (28, 28, 1), but has {len(value)}."
        )
    axes = tuple(integer(axis, argument, where, maximum=MOST_VALUES) for axis in value)
    check_values(axes, f"{where}: {argument}")
    return axes


def known_object(identifier: Any, kinds: Mapping[str, type[_Kind]], what: str) -> _Kind:
    """Return the object that a name, a class, a description or the object itself stands for.

    Parameters
    ----------
    identifier : str, type, dict or object
        A name may be written as Keras writes it in strings: ``"max_norm"`` for ``MaxNorm``. A description is a dict
        with ``class_name`` and ``config``.
    kinds : mapping of str to type
        All there are, by the names of their classes.
    what : str
        What messages call it: ``"constraint"``.
    """
    for kind in kinds.values():
        if identifier is kind:
            return kind()
        if type(identifier) is kind:
            return identifier
    described = isinstance(identifier, dict)
    name = identifier.get("class_name") if described else identifier
    config = (identifier.get("config") or {}) if described else {}
    if not isinstance(name, str) or not isinstance(config, dict):
        raise ConfigurationError(
            f"A {what} is one of {', '.join(kinds)}, its name, or a dict with 'class_name' and 'config', but is "
            f"{identifier!r}. Your own functions and classes are not supported, because the engines cannot run them."
        )
    plain = name.lower().replace("_", "")
    for known, kind in kinds.items():
        if known.lower() == plain:
            return _made(kind, config, what)
    raise unknown_name(what, name, kinds)


def _made(kind: type[_Kind], config: dict[Any, Any], what: str) -> _Kind:
    try:
        return kind(**config)
    except TypeError:
        expected = ", ".join(inspect.signature(kind).parameters) or "none"
        raise ConfigurationError(
            f"The settings of the {what} {kind.__name__} are {config!r}, but it takes {expected}."
        ) from None
