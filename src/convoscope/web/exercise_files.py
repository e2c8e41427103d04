"""A teacher's own exercises, read from a small JSON file. ``docs/exercises.md`` describes it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from convoscope.errors import ConfigurationError, FileFormatError
from convoscope.filters import named
from convoscope.paths import open_regular, user_path
from convoscope.wording import clause

_LARGEST = 1_000_000  # bytes
_MOST = 100  # exercises
_LONGEST, _PARAGRAPHS = 2000, 12  # characters of a text, and how many of them
_OPTIONS = 8
_IMAGE, _KERNEL = 64, 7  # rows and columns
_LARGEST_NUMBER = 1e9
_LARGEST_SEED = 999_999
_USUAL_TITLE = "From your teacher"

#: Those of the page's own that draw their numbers, and may be given a seed.
DRAWN = (
    *("pixel", "kernel", "edit", "relu", "border", "size", "pooling", "receptive"),
    *("parameters", "network", "softmax", "curves"),
)


@dataclass(frozen=True)
class OwnExercises:
    """A teacher's exercises, checked.

    Attributes
    ----------
    told : dict
        For the page: ``title``, and ``exercises``.
    """

    told: dict[str, Any]


def read_exercises(path: str | os.PathLike[str]) -> OwnExercises:
    """Read a file of exercises.

    Parameters
    ----------
    path : path
        JSON of at most 1 MB, with at most 100 exercises. The file of a tour that has exercises is one, too.

    Raises
    ------
    MissingFileError
        There is no such file.
    FileFormatError
        It is too large, not JSON, or an exercise is not as it should be: the message says which one, which field, what
        was expected, and what came.
    """
    path = user_path(path)
    with open_regular(path) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise FileFormatError(f"{path} is too large: an exercise file may have at most 1 MB.")
    try:
        told = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FileFormatError(
            f"{path} is not JSON: {clause(error)}. Check the commas and quotation marks there."
        ) from error
    try:
        return OwnExercises(_file(told))
    except _WrongError as error:
        raise FileFormatError(f"{path}: {error} docs/exercises.md describes the format.") from None


def checked_exercises(told: Any, where: str) -> list[dict[str, Any]]:
    """Check a list of exercises that stands in something else, such as a tour.

    Parameters
    ----------
    told : list
        What stands there: as `exercises` in a file of its own.
    where : str
        How messages begin, such as the file's name.

    Raises
    ------
    ConfigurationError
        An exercise is not as it should be; the message is as that of `read_exercises`.

    Examples
    --------
    >>> checked_exercises([{"kind": "softmax", "seed": 7}], "my-tour.json")
    [{'kind': 'softmax', 'seed': 7}]
    >>> checked_exercises([{"kind": "softmax", "seed": 0}], "my-tour.json")
    Traceback (most recent call last):
        ...
    convoscope.errors.ConfigurationError: my-tour.json: exercises[0] (softmax), “seed” must be a whole number from 1 \
to 999999, but got 0. docs/exercises.md describes the format.
    """
    try:
        plain = json.loads(json.dumps(told))  # what Python hands over may be anything
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{where}: exercises must contain only what JSON supports, but: {clause(error)}."
        ) from error
    try:
        return _list(_exercise, _MOST)(plain, "exercises")
    except _WrongError as error:
        raise ConfigurationError(f"{where}: {error} docs/exercises.md describes the format.") from None


def exercises_of_tour(tour: Mapping[str, Any] | None) -> OwnExercises | None:
    """Return the exercises that go with a tour from `convoscope.web.tours.read_tour`; None where there are none."""
    if not tour or not tour.get("exercises"):
        return None
    return OwnExercises({"title": tour["title"] or _USUAL_TITLE, "exercises": tour["exercises"]})


def joined(given: Iterable[OwnExercises | None]) -> OwnExercises | None:
    """Return exercises from several files as one, under the title of the first; None where there are none."""
    found = [each.told for each in given if each is not None]
    if not found:
        return None
    return OwnExercises({**found[0], "exercises": [exercise for told in found for exercise in told["exercises"]]})


class _WrongError(Exception):
    """Something is not as it should be; the text says where, and what."""


def _file(told: Any) -> dict[str, Any]:
    readers = {"title": _line, "exercises": _list(_exercise, _MOST), "steps": _steps}
    fields = _fields(told, "the file", readers, {"exercises"})
    return {"title": fields.get("title", _USUAL_TITLE), "exercises": fields["exercises"]}


def _steps(value: Any, where: str) -> None:
    """Leave the steps of a tour alone: they go through a model, which is not here."""
    if not isinstance(value, list):
        raise _WrongError(f"{where} must be a list, the steps of a tour{_came(value)}.")


def _exercise(told: Any, where: str) -> dict[str, Any]:
    kind = told.get("kind") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(kind, str) or kind not in {*_KINDS, *DRAWN}:
        known = ", ".join(dict.fromkeys((*_KINDS, *DRAWN)))
        raise _WrongError(f"{where} needs a “kind”, one of {known}{_came(told if kind is None else kind)}.")
    if "seed" in told or kind not in _KINDS:
        seeded = {"kind": _line, "title": _line, "seed": _whole(1, _LARGEST_SEED)}
        return _fields(told, f"{where} ({kind})", seeded, {"kind", "seed"})
    own, needed, agree = _KINDS[kind]
    found = _fields(told, f"{where} ({kind})", {**_COMMON, **own}, {"kind", *needed})
    agree(found, f"{where} ({kind})")
    return found


_Reader = Callable[[Any, str], Any]


def _fields(told: Any, where: str, readers: Mapping[str, _Reader], needed: set[str]) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise _WrongError(f"{where} must be an object, {{...}}{_came(told)}.")
    for name in told:
        if name not in readers:
            raise _WrongError(f"{where} has an unknown field “{str(name)[:40]}”. Known fields: {', '.join(readers)}.")
    for name in sorted(needed):
        if name not in told:
            raise _WrongError(f"{where} lacks the field “{name}”.")
    return {name: readers[name](value, f"{where}, “{name}”") for name, value in told.items()}


def _came(value: Any) -> str:
    return f", but got {json.dumps(value, ensure_ascii=False)[:60]}"


def _line(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise _WrongError(f"{where} must be a text of at most {_LONGEST} characters{_came(value)}.")
    return value


def _texts(value: Any, where: str) -> list[str]:
    """Read a text, or a list of them, as paragraphs."""
    return _list(_line, _PARAGRAPHS)([value] if isinstance(value, str) else value, where)


def _number(value: Any, where: str) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:  # which NaN is not either
        raise _WrongError(f"{where} must be a number between -1e9 and 1e9{_came(value)}.")
    return float(value) if isinstance(value, float) else int(value)


def _tolerance(value: Any, where: str) -> float:
    if _number(value, where) < 0:
        raise _WrongError(f"{where} must be 0 or more{_came(value)}.")
    return _number(value, where)


def _whole(least: int, most: int) -> Callable[[Any, str], int]:
    def read(value: Any, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _WrongError(f"{where} must be a whole number from {least} to {most}{_came(value)}.")
        return value

    return read


def _list(read: _Reader, most: int) -> Callable[[Any, str], list[Any]]:
    def read_all(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            came = f", but got {len(value)}" if isinstance(value, list) else _came(value)
            raise _WrongError(f"{where} must be a list of 1 to {most}{came}.")
        return [read(each, f"{where}[{index}]") for index, each in enumerate(value)]

    return read_all


def _grid(most: int) -> Callable[[Any, str], list[list[float]]]:
    rows_of = _list(_list(_number, most), most)

    def read(value: Any, where: str) -> list[list[float]]:
        rows = rows_of(value, where)
        if len({len(row) for row in rows}) > 1:
            raise _WrongError(f"{where} has rows of different lengths: {', '.join(str(len(row)) for row in rows)}.")
        return rows

    return read


def _kernel(value: Any, where: str) -> list[list[float]]:
    """Read rows of numbers, or the name of one of the filter lab's kernels."""
    if not isinstance(value, str):
        return _grid(_KERNEL)(value, where)
    if value not in named.names():
        raise _WrongError(f"{where} must be rows of numbers, or one of {', '.join(named.names())}{_came(value)}.")
    found = named.get(value)
    rows: list[list[float]] = (found.values * found.weight).tolist()
    return rows


def _place(value: Any, where: str) -> list[int]:
    if not isinstance(value, list) or len(value) != 2:
        raise _WrongError(f"{where} must be [row, column], counted from 0{_came(value)}.")
    return [_whole(0, _IMAGE)(each, where) for each in value]


def _one_of(*known: str) -> Callable[[Any, str], str]:
    def read(value: Any, where: str) -> str:
        if value not in known:
            raise _WrongError(f"{where} must be one of {', '.join(known)}{_came(value)}.")
        return str(value)

    return read


def _mistake(value: Any, where: str) -> dict[str, Any]:
    return _fields(value, where, {"value": _number, "says": _line}, {"value", "says"})


def _option(value: Any, where: str) -> dict[str, Any]:
    return _fields(value, where, {"title": _line, "kernel": _kernel}, {"title", "kernel"})


def _free(found: dict[str, Any], where: str) -> None:
    """Accept all."""


def _right_among(found: dict[str, Any], where: str) -> None:
    count = len(found["options"])
    if found["right"] >= count:
        raise _WrongError(f"{where}, “right” is the index of an option, 0 to {count - 1}, but got {found['right']}.")
    if len(found.get("feedback", [])) > count:
        raise _WrongError(f"{where}, “feedback” has at most one text for each of the {count} options.")


def _window_inside(found: dict[str, Any], where: str) -> None:
    height, width = len(found["image"]), len(found["image"][0])
    kernels = [each["kernel"] for each in found["options"]] if "options" in found else [found["kernel"]]
    for kernel in kernels:
        rows, columns = height - len(kernel) + 1, width - len(kernel[0]) + 1
        if rows < 1 or columns < 1:
            raise _WrongError(f"{where}: the kernel is larger than the image, {height}×{width}.")
    if "options" in found:
        _right_among(found, where)
    elif "at" in found:
        _inside(found["at"], rows, columns, where)


def _pool_inside(found: dict[str, Any], where: str) -> None:
    size = found.get("size", 2)
    stride = found.setdefault("stride", size)
    height, width = ((length - size) // stride + 1 for length in (len(found["image"]), len(found["image"][0])))
    if height < 1 or width < 1:
        raise _WrongError(f"{where}: a window of {size}×{size} does not fit into the image.")
    _inside(found["at"], height, width, where)


def _inside(at: list[int], height: int, width: int, where: str) -> None:
    if at[0] >= height or at[1] >= width:
        raise _WrongError(
            f"{where}, “at” is {at}, but the output has {height} rows and {width} columns, counted from 0."
        )


_COMMON: dict[str, _Reader] = {
    "kind": _line,
    "title": _line,
    "text": _texts,
    "hint": _texts,
    "explanation": _texts,
    "image": _grid(_IMAGE),
}
#: kind -> its further fields, those that are needed, and what is checked of them together
_KINDS: dict[str, tuple[dict[str, _Reader], set[str], Callable[[dict[str, Any], str], None]]] = {
    "number": (
        {"answer": _number, "tolerance": _tolerance, "mistakes": _list(_mistake, 2 * _OPTIONS)},
        {"text", "answer"},
        _free,
    ),
    "choice": (
        {"options": _list(_line, _OPTIONS), "right": _whole(0, _OPTIONS), "feedback": _list(_line, _OPTIONS)},
        {"text", "options", "right"},
        _right_among,
    ),
    "pixel": ({"kernel": _kernel, "bias": _number, "at": _place}, {"image", "kernel", "at"}, _window_inside),
    "edit": ({"kernel": _kernel}, {"image", "kernel"}, _window_inside),
    "kernel": (
        {"options": _list(_option, _OPTIONS), "right": _whole(0, _OPTIONS)},
        {"image", "options", "right"},
        _window_inside,
    ),
    "pooling": (
        {"mode": _one_of("max", "average", "min"), "size": _whole(1, 8), "stride": _whole(1, 8), "at": _place},
        {"image", "at"},
        _pool_inside,
    ),
}
