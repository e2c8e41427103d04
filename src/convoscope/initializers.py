"""The first values of weights, under Keras' names and with Keras' defaults.

An initializer is a small frozen object: it is called with a shape and a random generator, and its settings are its
config. The same generator state gives the same values, whatever the machine.
"""

from __future__ import annotations

from typing import Any

from convoscope.errors import unknown_name
from convoscope.initial_values.base import Initializer
from convoscope.initial_values.constant import Constant, Ones, Zeros
from convoscope.initial_values.filter_bank import FilterBank
from convoscope.initial_values.random import RandomNormal, RandomUniform, TruncatedNormal
from convoscope.initial_values.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    fans,
)

__all__ = [
    "Constant",
    "FilterBank",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "fans",
    "get",
    "serialize",
]

_BY_NAME: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "filter_bank": FilterBank,
}
_SYNONYMS = {"normal": "random_normal", "uniform": "random_uniform", "zero": "zeros", "one": "ones"}  # in older lessons
_NAME_OF = {kind: name for name, kind in _BY_NAME.items()}


def get(identifier: str | dict[str, Any] | Initializer) -> Initializer:
    """Return the initializer that a name, a serialized config or an initializer itself stands for.

    Examples
    --------
    >>> get("he_normal")
    HeNormal(scale=2.0, mode='fan_in', distribution='truncated_normal', seed=None)
    """
    if isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, dict):
        kind = _BY_NAME.get(str(identifier.get("class_name")))
        if kind is None:
            raise unknown_name("initializer", identifier.get("class_name"), _BY_NAME)
        return kind(**identifier.get("config", {}))
    normalized = str(identifier).lower()
    normalized = _SYNONYMS.get(normalized, normalized)
    for name, kind in _BY_NAME.items():
        if normalized in (name, name.replace("_", "")):
            return kind()
    raise unknown_name("initializer", identifier, _BY_NAME)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return the initializer as plain JSON values that `get` takes.

    Examples
    --------
    >>> serialize(HeNormal(seed=1))
    {'class_name': 'he_normal', 'config': {'seed': 1}}
    """
    return {"class_name": _NAME_OF[type(initializer)], "config": initializer.get_config()}
