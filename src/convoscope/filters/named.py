"""Kernels by name, by a name with numbers, and as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.filters.kernel import LARGEST, Kernel, Numbers
from convoscope.filters.kernel_text import rows_of


def names(group: str | None = None) -> list[str]:
    """Return the names of the kernels that come with the package.

    Parameters
    ----------
    group : {"basics", "blur", "sharpen", "edges", "patterns", "lessons"}, optional
        Only those.

    Examples
    --------
    >>> names("blur")
    ['box-blur', 'gaussian-3', 'gaussian-5', 'motion-blur']
    """
    groups = dict.fromkeys(kernel.group for kernel in _catalogue().values())
    if group is not None and group not in groups:
        raise unknown_name("group of kernels", group, groups)
    return [name for name, kernel in _catalogue().items() if group in (None, kernel.group)]


def get(kernel: Any) -> Kernel:
    """Return a kernel by name, from text or from an array.

    Parameters
    ----------
    kernel : str, array or Kernel
        A name of `names`; ``"gaussian:5"`` or ``"gaussian:5:1.2"`` (its size, and its standard deviation in pixels);
        ``"box:7"``; rows of numbers as text, ``"-1 0 1; -2 0 2; -1 0 1"``, see `parse`; or an array of shape (height,
        width) or (height, width, channels).

    Returns
    -------
    Kernel

    Raises
    ------
    ConfigurationError
        If the name is unknown (the message suggests the nearest one), or the values are not numbers.

    Notes
    -----
    Without a standard deviation, a Gaussian of size n has 0.3 ((n - 1) / 2 - 1) + 0.8, as in OpenCV.

    Examples
    --------
    >>> print(get("lesson-above"))
    0 -1 0; 0 1 0; 0 0 0
    >>> get("box:7").shape
    (7, 7)
    >>> round(float(get("gaussian:5:1.2").values.sum()), 12)
    1.0
    """
    if isinstance(kernel, Kernel):
        return kernel
    if not isinstance(kernel, str):
        return Kernel(kernel)
    text = kernel.strip()
    if text in _catalogue():
        return _catalogue()[text]
    name, *numbers = text.split(":")
    if name in _FAMILIES and numbers:
        return _member(text, name, numbers)
    if re.search(r"[;,\s()\[\]{}=]", text) or re.match(r"[-+.\d\u2212]", text):
        return parse(text)
    if name in _FAMILIES:
        raise ConfigurationError(f"{text!r} needs a size, such as {name}:5.")
    raise unknown_name("kernel", text, [*names(), *(f"{family}:SIZE" for family in _FAMILIES)])


def parse(text: str) -> Kernel:
    """Read a kernel's numbers from text.

    Parameters
    ----------
    text : str
        Values separated by blanks or commas, rows by semicolons or line ends: ``"1 2 1"``, ``"0,1 0,2 0,1"``,
        ``"1/4, 1/4; 1/4, 1/4"``; or what was copied from Python or MATLAB: ``"np.array([[1, 0], [0, 1]])"``,
        ``"[1 0; 0 1]"``. `convoscope.filters.kernel_text` has the whole grammar, which the lab's page shares.

    Raises
    ------
    ConfigurationError
        If something is not a number, rows differ in length, or a comma may be a separator or a decimal comma.

    Examples
    --------
    >>> parse("-1 0 1; -2 0 2; -1 0 1").values[1].tolist()
    [-2.0, 0.0, 2.0]
    >>> parse("1/4, 1/4; 1/4, 1/4").values.tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    return Kernel(np.array(rows_of(text)))


@cache
def _catalogue() -> dict[str, Kernel]:
    text = resources.files("convoscope.filters").joinpath("kernels.json").read_text(encoding="utf-8")
    entries = json.loads(text)
    return {entry["name"]: Kernel(values=entry.pop("kernel"), **entry) for entry in entries}


def _gaussian(size: int, sigma: float | None) -> tuple[Numbers, float]:
    width = 0.3 * ((size - 1) / 2 - 1) + 0.8 if sigma is None else sigma
    offsets = np.arange(size) - (size - 1) / 2
    bell = np.exp(-(offsets**2) / (2 * width**2))
    bell /= bell.sum()
    return np.outer(bell, bell), 1.0


def _box(size: int, sigma: float | None) -> tuple[Numbers, float]:
    if sigma is not None:
        raise ConfigurationError("A box blur takes only a size: box:7.")
    return np.ones((size, size)), 1 / size**2


_FAMILIES: dict[str, Callable[[int, float | None], tuple[Numbers, float]]] = {"gaussian": _gaussian, "box": _box}


def _member(text: str, family: str, words: list[str]) -> Kernel:
    example = {"gaussian": "gaussian:5 or gaussian:5:1.2", "box": "box:7"}[family]
    try:
        size, sigma = int(words[0]), float(words[1]) if len(words) > 1 else None
    except ValueError:
        raise ConfigurationError(f"{text!r} contains something that is not a number. Write {example}.") from None
    if len(words) > 2 or not 1 <= size <= LARGEST or (sigma is not None and not 0.01 <= sigma <= 1000):
        raise ConfigurationError(
            f"{text!r} is out of range: the size must be 1 to {LARGEST} pixels, the standard deviation 0.01 to 1000. "
            f"Write {example}."
        )
    values, weight = _FAMILIES[family](size, sigma)
    title = f"{'Gaussian' if family == 'gaussian' else 'Box'} blur {size}×{size}"
    return Kernel(values, weight, name=text, title=title, shows="A blur.", source="By definition", group="blur")
