"""What an experiment varies: settings of a run, each with its values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.runs import TrainSettings

_SHORT = {"lr": "learning_rate", "val": "validation", "augment": "augmentation", "color": "color_mode"}
_ELSEWHERE = {
    "dataset": "give the data set as the first argument",
    "data_dir": "use --data-dir",
    "seed": "use --seeds, the number of times each network is trained",
    "threads": "use --threads",
    "engine": "use --engine",
    "device": "a GPU is used if there is one",
    "precision": "float32 is used",
}
_LINES = ("layers", "augmentation")  # whose values have commas of their own
_TYPES = {field.name: str(field.type) for field in fields(TrainSettings)}


@dataclass(frozen=True)
class Range:
    """All numbers between two, both included: what a search draws from."""

    low: float
    high: float


def setting_names() -> list[str]:
    """Return what can be varied, as it is written: all settings of a run but where and with what it is computed."""
    return [name.replace("_", "-") for name in _TYPES if name not in _ELSEWHERE]


def setting(name: str) -> str:
    """Return the setting of a run that a name stands for.

    Raises
    ------
    UnknownNameError
        There is none.
    ConfigurationError
        It is one that cannot be varied.

    Examples
    --------
    >>> setting("kernel-size"), setting("lr")
    ('kernel_size', 'learning_rate')
    """
    key = name.strip().lower().replace("-", "_")
    key = _SHORT.get(key, key)
    if key in _ELSEWHERE:
        raise ConfigurationError(f"{name.strip()} is not among the settings that can be varied: {_ELSEWHERE[key]}.")
    if key not in _TYPES:
        raise unknown_name("setting", name.strip(), setting_names())
    return key


def parse(texts: Sequence[str], option: str = "--vary") -> dict[str, list[Any] | Range]:
    """Read what was typed for ``--vary``.

    Parameters
    ----------
    texts : sequence of str
        ``filters=8,16,32``, or for a search ``filters=8..64``. Lines of layers are set apart by ``|``, for they have
        commas of their own; ``none`` is what the run takes where it is told nothing.
    option : str
        What it was typed for.

    Examples
    --------
    >>> parse(["filters=8,16", "lr=0.001,0.01", "recipe=none,fast"])
    {'filters': [8, 16], 'learning_rate': [0.001, 0.01], 'recipe': [None, 'fast']}
    >>> parse(["dropout=0..0.5"])
    {'dropout': Range(low=0.0, high=0.5)}
    """
    found: dict[str, list[Any] | Range] = {}
    for text in texts:
        name, sign, right = text.partition("=")
        if not sign or not right.strip():
            raise ConfigurationError(
                f"{option} takes SETTING=VALUES, but got {text!r}. For example: {option} "
                f"filters={'8' if option == '--set' else '8,16,32'}."
            )
        key = setting(name)
        if key in found:
            raise ConfigurationError(f"{option} {name.strip()} was given twice. Give all values in one option.")
        found[key] = _values(key, right)
    return found


def checked(vary: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return varied settings with proper names and values, each value once; for a grid.

    Raises
    ------
    ConfigurationError
        Nothing is varied, a setting has no value, or one of the wrong kind.
    """
    grid: dict[str, list[Any]] = {}
    for name, values in vary.items():
        key = setting(name)
        if isinstance(values, Range):
            raise ConfigurationError(
                f"{name}={values.low:g}..{values.high:g} is a range, which only a search can use. List the values of "
                f"a comparison, such as {name}={values.low:g},{values.high:g}; or add --search."
            )
        listed = list(values) if isinstance(values, (list, tuple, range, set, frozenset)) else [values]
        if not listed:
            raise ConfigurationError(f"There is no value for {name}. Give at least one.")
        grid[key] = list(dict.fromkeys(_proper(key, value) for value in listed))
    if not grid:
        raise ConfigurationError(
            "Nothing is varied, so there is nothing to compare. Give at least one setting and its values, such as "
            "--vary filters=8,16,32."
        )
    return grid


def points(grid: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Give each combination of values, the last setting changing first.

    Examples
    --------
    >>> list(points({"filters": [8, 16], "dropout": [0.0]}))
    [{'filters': 8, 'dropout': 0.0}, {'filters': 16, 'dropout': 0.0}]
    """
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def described(point: Mapping[str, Any]) -> str:
    """Write a combination of values in words.

    Examples
    --------
    >>> described({"filters": 8, "learning_rate": 0.001, "recipe": None})
    'filters 8, learning rate 0.001, recipe none'
    """
    return ", ".join(f"{name.replace('_', ' ')} {written(value)}" for name, value in point.items())


def written(value: Any) -> str:
    """Write a value as `parse` reads it."""
    if value is None or value == "":
        return "none"
    if isinstance(value, (list, tuple)):
        return "x".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _values(key: str, text: str) -> list[Any] | Range:
    low, dots, high = text.partition("..")
    if dots:
        if _kind(key) is str:
            raise ConfigurationError(f"{key} has names as values, so {text.strip()!r} is not a range. List the names.")
        read = _number if _kind(key) is float else _whole
        bounds = Range(read(key, low), read(key, high))
        if not bounds.low < bounds.high:
            raise ConfigurationError(f"The range of {key} must be increasing, but is {text.strip()}.")
        return bounds
    parts = [part.strip() for part in text.split("|" if key in _LINES else ",")]
    if not all(parts):
        raise ConfigurationError(f"A value of {key} is missing in {text.strip()!r}.")
    return list(dict.fromkeys(_read(key, part) for part in parts))


def _kind(key: str) -> type[int] | type[float] | type[str]:
    declared = _TYPES[key]
    return float if "float" in declared else str if "str" in declared or "tuple" in declared else int


def _read(key: str, text: str) -> Any:
    """Read one value."""
    if text.lower() == "none" and ("None" in _TYPES[key] or key == "augmentation"):
        return None
    if key == "image_size":
        sides = text.lower().split("x")
        return tuple(int(_whole(key, side)) for side in (sides[0], sides[-1]))
    if _kind(key) is str:
        return text
    return _number(key, text) if _kind(key) is float else _whole(key, text)


def _proper(key: str, value: Any) -> Any:
    """Check a value that did not come as text; what is text is read."""
    if value is None or isinstance(value, str):
        return None if value is None else _read(key, value.strip())
    if key == "image_size" and isinstance(value, (list, tuple)):
        return tuple(value)
    kind = _kind(key)
    if kind is str or isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"A value of {key} must be a {kind.__name__}, but is {value!r}.")
    return float(value) if kind is float else _whole(key, repr(value))


def _number(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigurationError(f"A value of {key} must be a number, but is {text.strip()!r}.")
    return number


def _whole(key: str, text: str) -> int:
    number = _number(key, text)
    if number != int(number):
        raise ConfigurationError(f"A value of {key} must be a whole number, but is {text.strip()!r}.")
    return int(number)
