"""A teacher's own tour through the explorer: a small JSON file, checked before the page gets it. See docs/tours.md."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, FileFormatError
from convoscope.models.naming import call_names
from convoscope.paths import user_path
from convoscope.storage import read_json
from convoscope.web.exercise_files import checked_exercises

if TYPE_CHECKING:
    from convoscope.models.network import Network

#: What a step's text may name. The page fills it in: static/explorer/tour/facts.js.
PLACEHOLDERS = (
    *("image", "image_size", "pixels", "low", "high", "inputs"),
    *("class", "percent", "label", "verdict", "classes", "output", "ordinal"),
    *("layer", "below", "size", "size_below", "maps", "maps_below", "window", "weights", "products"),
    *("map", "row", "column", "value", "sum", "terms", "change", "marked", "zeros"),
)
#: What a step may point at: static/explorer/tour/points.js.
POINTS = (
    *("image", "source", "draw", "result", "map", "pixel", "window", "maps", "products", "contributions"),
    *("arithmetic", "equation", "value", "softmax", "answer", "heatmap", "features", "matrix", "mistakes", "curves"),
)
#: The words for kinds of layers, behind "first", "second" ... or "last": static/explorer/tour/layers.js.
KINDS = (
    *("convolution", "transposed convolution", "upsampling", "relu", "pooling", "global pooling", "dense layer"),
    "addition",
)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "last")
VIEWS = ("overview", "network", "why", "mistakes")
MOST_STEPS = 60

_MOST_BYTES = 1_000_000
_TEXTS = {"title": 120, "text": 600}  # characters
_STEP = ("name", "title", "text", "show", "point", "seconds")
_SHOW = ("view", "layer", "map", "pixel", "image", "source", "play")
_PIXELS = ("strongest", "negative", "followed")
_SECONDS = (1, 300)
_HELP = "docs/tours.md describes the format."


def read_tour(
    tour: str | os.PathLike[str] | Mapping[str, Any], model: Network, images: int | None = None
) -> dict[str, Any]:
    """Read and check a tour for the explorer.

    Parameters
    ----------
    tour : path or mapping
        A JSON file of at most 1 MB, or what would stand in one: ``{"title": ..., "steps": [{...}, ...]}``, and perhaps
        ``"exercises"``, as `docs/exercises.md` has them.
    model : Sequential or Model
        The model that it goes through: a layer that a step names must be one of its layers.
    images : int, optional
        How many test images there are. Left out: the images' numbers are not checked.

    Returns
    -------
    dict
        ``title`` and ``steps``, as the page takes them, and ``exercises`` if there are any.

    Raises
    ------
    MissingFileError
        There is no such file.
    FileFormatError
        The file is too large, or not a JSON object.
    ConfigurationError
        A step or an exercise has an unknown field or an impossible value. The message names it and the field.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.Flatten(), cs.layers.Dense(2)])
    >>> step = {"title": "Edges", "text": "A window of {window}.", "show": {"layer": "first convolution"}}
    >>> read_tour({"title": "Edges first", "steps": [step]}, model)["steps"][0]["title"]
    'Edges'
    >>> read_tour({"steps": [{**step, "pont": "map"}]}, model)
    Traceback (most recent call last):
        ...
    convoscope.errors.ConfigurationError: The tour, step 1: unknown field 'pont'. A step has name, title, text, show, \
point, seconds. docs/tours.md describes the format.
    """
    if isinstance(tour, Mapping):
        content, where = dict(tour), "The tour"
    else:
        path = user_path(tour)
        where = str(path)
        if path.is_file() and path.stat().st_size > _MOST_BYTES:
            raise FileFormatError(f"{where} is larger than 1 MB, the largest size of a tour.")
        content = read_json(path)
    return _checked(content, where, call_names(model), images)


def with_images_of(tour: dict[str, Any] | None, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the numbers of the chosen test images, and of those that a tour shows, in ascending order.

    Examples
    --------
    >>> with_images_of({"steps": [{"show": {"image": 23}}, {"show": {}}, {}]}, np.array([0, 40]))
    array([ 0, 23, 40])
    """
    shows = [step.get("show", {}) for step in (tour or {}).get("steps", [])]
    return np.union1d(chosen, np.array([show["image"] for show in shows if "image" in show], np.int64))


def _checked(content: dict[str, Any], where: str, layers: list[str], images: int | None) -> dict[str, Any]:
    _known(content, ("title", "steps", "exercises"), where, "A tour")
    steps = content.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise _wrong(where, f"'steps' must be a list of 1 to {MOST_STEPS} steps", steps)
    if "title" in content:
        _text(content["title"], "title", f"{where}, title")
    checked = [_step(step, f"{where}, step {number}", layers, images) for number, step in enumerate(steps, 1)]
    names = [step["name"] for step in checked if "name" in step]
    for number, step in enumerate(checked, 1):
        if "name" in step and names.count(step["name"]) > 1:
            raise _wrong(
                f"{where}, step {number}, name",
                "each name may be used only once, because links refer to it",
                step["name"],
            )
    tour = {"title": content.get("title", ""), "steps": checked}
    if "exercises" in content:
        tour["exercises"] = checked_exercises(content["exercises"], where)
    return tour


def _step(step: Any, where: str, layers: list[str], images: int | None) -> dict[str, Any]:
    if not isinstance(step, dict):
        raise _wrong(where, "a step must be an object", step)
    _known(step, _STEP, where, "A step")
    for field in _TEXTS:
        _text(step.get(field), field, f"{where}, {field}")
    for name in re.findall(r"\{(\w*)\}", step["text"]):
        if name not in PLACEHOLDERS:
            raise _wrong(f"{where}, text", f"a placeholder is one of {_listed(PLACEHOLDERS)}", f"{{{name}}}")
    if "name" in step and not (
        isinstance(step["name"], str) and re.fullmatch(r"(?=.*[a-z])[a-z0-9-]{1,40}", step["name"])
    ):
        raise _wrong(
            f"{where}, name", "must be 1 to 40 lowercase letters, digits and hyphens, as in 'first-map'", step["name"]
        )
    if step.get("point") is not None and step["point"] not in POINTS:
        raise _wrong(f"{where}, point", f"must be one of {_listed(POINTS)}", step["point"])
    seconds = step.get("seconds", 8)
    if not _is_number(seconds) or not _SECONDS[0] <= seconds <= _SECONDS[1]:
        raise _wrong(f"{where}, seconds", f"must be a number from {_SECONDS[0]} to {_SECONDS[1]}", seconds)
    if "show" in step:
        _check_show(step["show"], f"{where}, show", layers, images)
    return step


def _check_show(show: Any, where: str, layers: list[str], images: int | None) -> None:
    if not isinstance(show, dict):
        raise _wrong(where, "must be an object", show)
    _known(show, _SHOW, where, "What a step shows")
    for field, allowed in {"view": VIEWS, "source": ("draw",), "play": ("window",)}.items():
        if field in show and show[field] not in allowed:
            raise _wrong(f"{where}.{field}", f"must be {_listed(allowed, 'or')}", show[field])
    if "layer" in show and not _is_layer(show["layer"], layers):
        kinds = f"'image', 'output', 'none', or one of {_listed(ORDINALS)} with one of {_listed(KINDS)}"
        raise _wrong(
            f"{where}.layer", f"must name a layer of the model ({_listed(layers)}), or be {kinds}", show["layer"]
        )
    if "map" in show and show["map"] != "strongest" and not _is_index(show["map"]):
        raise _wrong(f"{where}.map", "must be 'strongest' or a number from 0", show["map"])
    pixel = show.get("pixel", "strongest")
    pair = isinstance(pixel, list) and len(pixel) == 2 and all(map(_is_index, pixel))
    if not pair and pixel not in _PIXELS:
        raise _wrong(f"{where}.pixel", f"must be {_listed(_PIXELS, 'or')}, or [row, column], counted from 0", pixel)
    if "image" in show and not (_is_index(show["image"]) and (images is None or show["image"] < images)):
        most = "" if images is None else f" to {images - 1}" if images else ", but there are no test images"
        raise _wrong(f"{where}.image", f"must be the number of a test image, from 0{most}", show["image"])


def _is_layer(layer: Any, layers: list[str]) -> bool:
    if not isinstance(layer, str):
        return False
    ordinal, _, kind = layer.lower().partition(" ")
    return layer in layers or layer in ("image", "output", "none") or (ordinal in ORDINALS and kind in KINDS)


def _known(given: Mapping[str, Any], fields: tuple[str, ...], where: str, what: str) -> None:
    for name in given:
        if name not in fields:
            raise ConfigurationError(f"{where}: unknown field {name!r}. {what} has {', '.join(fields)}. {_HELP}")


def _text(given: Any, field: str, where: str) -> None:
    if not isinstance(given, str) or not 1 <= len(given) <= _TEXTS[field]:
        raise _wrong(where, f"must be a text of 1 to {_TEXTS[field]} characters", given)


def _wrong(where: str, rule: str, given: Any) -> ConfigurationError:
    came = "it is missing" if given is None else f"it is {given!r}"
    return ConfigurationError(f"{where}: {rule}, but {came}. {_HELP}")


def _listed(words: Any, last: str = "and") -> str:
    quoted = [f"'{each}'" for each in words]
    return f" {last} ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


def _is_number(given: Any) -> bool:
    return isinstance(given, (int, float)) and not isinstance(given, bool)


def _is_index(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 10**9
