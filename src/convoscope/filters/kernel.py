"""A kernel: its numbers, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError

Numbers = npt.NDArray[np.float64]
LARGEST = 255  # rows or columns


@dataclass(frozen=True, eq=False)
class Kernel:
    """The numbers that an image's neighbourhoods are multiplied by, and what is known about them.

    Attributes
    ----------
    values : float64 array of shape (height, width) or (height, width, channels)
        Rows from top to bottom.
    weight, bias : float
        The sum of products is multiplied by `weight`, then `bias` is added: ``weight × sum + bias``.
    name, title, shows, source, group : str
        Empty where it has none.

    Examples
    --------
    >>> from convoscope import filters
    >>> print(filters.get("sobel-x"))
    -1 0 1; -2 0 2; -1 0 1
    >>> filters.get("sobel-x").shows
    'Vertical edges that get brighter to the right.'
    """

    values: Numbers
    weight: float = 1.0
    bias: float = 0.0
    name: str = ""
    title: str = ""
    shows: str = ""
    source: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        """Check the numbers, and keep them from being changed."""
        object.__setattr__(self, "values", checked(self.values))
        for what in ("weight", "bias"):
            object.__setattr__(self, what, finite(getattr(self, what), what))

    @property
    def shape(self) -> tuple[int, int]:
        """Its height and width."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def normalized(self) -> Kernel:
        """The same kernel with the weight that makes its numbers add up to 1, where they do not add up to 0.

        Examples
        --------
        >>> import numpy as np
        >>> Kernel(np.ones((3, 3))).normalized.weight == 1 / 9
        True
        """
        total = float(self.values.sum())
        magnitude = float(np.abs(self.values).sum())
        weight = 1.0 if abs(total) <= 1e-12 * magnitude else 1 / total
        return replace(self, weight=weight)

    def __str__(self) -> str:
        """Write the numbers as `parse` reads them."""
        if self.values.ndim == 3:
            return f"{self.values.shape[0]}×{self.values.shape[1]}×{self.values.shape[2]} numbers"
        return "; ".join(" ".join(map(_written, row.tolist())) for row in self.values)


def checked(values: Any) -> Numbers:
    """Return a kernel's numbers as a read-only float64 array, or say what is wrong with them."""
    try:
        numbers = np.array(values, np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"A kernel consists of rows of numbers, all of the same length, but got {_shortened(values)}. For example: "
            "[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]."
        ) from error
    if numbers.ndim not in (2, 3) or 0 in numbers.shape:
        raise ConfigurationError(
            "A kernel has the shape (height, width), or (height, width, channels) with separate values for each "
            f"channel, but got {numbers.shape}. For example: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]."
        )
    if max(numbers.shape[:2]) > LARGEST:
        raise ConfigurationError(
            f"A kernel has at most {LARGEST} rows and columns, but got {numbers.shape[0]}×{numbers.shape[1]}. "
            "Apply a smaller kernel several times instead."
        )
    if not np.isfinite(numbers).all():
        raise ConfigurationError("A kernel's numbers must be finite, but some are NaN or infinite.")
    numbers.setflags(write=False)
    return numbers


def finite(value: Any, what: str) -> float:
    """Return a number as a float, or say that it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ConfigurationError(f"The {what} must be a finite number, but is {value!r}.")
    return number


def _written(number: float) -> str:
    short = f"{number:g}"
    return short if float(short) == number else repr(number)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
