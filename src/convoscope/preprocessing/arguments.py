"""Checks of arguments that the image functions and the generator share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convoscope.checks import real
from convoscope.errors import ConfigurationError


def two_numbers(value: Any, argument: str, where: str) -> tuple[float, float]:
    """Return a pair of numbers as floats.

    Examples
    --------
    >>> two_numbers([0.5, 1], "brightness_range", "ImageDataGenerator")
    (0.5, 1.0)
    """
    numbers = list(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else []
    if len(numbers) != 2:
        raise ConfigurationError(f"{where}: {argument} must be two numbers, as (0.8, 1.2), but is {value!r}.")
    return real(numbers[0], argument, where), real(numbers[1], argument, where)
