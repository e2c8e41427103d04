"""What a model knows beside its weights: its classes, how images are prepared, what it refuses, its origin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.models.rejection import Rejection
from convoscope.wording import clause

if TYPE_CHECKING:
    from convoscope.models.network import Network

#: Attributes of a model that a copy takes along.
NAMES = ("class_names", "preprocessing", "rejection", "origin")


def check(model: Network) -> None:
    """Raise ConfigurationError if an attribute has what cannot be kept in a file."""
    names: Any = model.class_names
    is_list = isinstance(names, Iterable) and not isinstance(names, (str, bytes)) and getattr(names, "ndim", True)
    if names is not None and not (is_list and all(isinstance(name, str) for name in names)):
        raise ConfigurationError(f"class_names must be a list of strings, but is {names!r}.")
    for name in ("preprocessing", "origin"):
        value: Any = getattr(model, name)
        if value is not None and not isinstance(value, dict):
            raise ConfigurationError(f"{name} must be a dict, but is {value!r}.")
        plain(value or {}, name)
    refusing: Any = model.rejection
    if refusing is not None and not isinstance(refusing, Rejection):
        raise ConfigurationError(f"rejection must be a convoscope.models.Rejection or None, but is {refusing!r}.")


def plain(value: dict[str, Any], what: str) -> dict[str, Any]:
    """Return `value` if it is made of plain JSON values. Infinities are let through in a training state only."""
    try:
        json.dumps(value, allow_nan=what == "training_state")
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{what} must be plain JSON values (text, numbers, lists): {clause(error)}."
        ) from error
    return value


def described(model: Network) -> dict[str, Any]:
    """Give what stands in the description of a model's file."""
    check(model)
    return {
        "class_names": None if model.class_names is None else list(model.class_names),
        "preprocessing": model.preprocessing,
        **({} if model.rejection is None else {"rejection": model.rejection.numbers()}),
        **({} if model.origin is None else {"origin": model.origin}),
    }


def arrays(model: Network) -> dict[str, Array]:
    """Give the arrays that stand in the file beside the weights."""
    return {} if model.rejection is None else model.rejection.arrays()


def take(model: Network, description: Mapping[str, Any], tensors: Mapping[str, Array], path: object) -> None:
    """Set what a file says."""
    model.class_names, model.preprocessing = description["class_names"], description["preprocessing"]
    model.origin = description.get("origin")
    if (numbers := description.get("rejection")) is not None:
        model.rejection = Rejection.read(numbers, tensors, path)
    check(model)
