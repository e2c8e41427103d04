"""Keras under its own names, for programs that write ``tf.keras.layers.Conv2D`` or ``from tensorflow import keras``.

Code that exists only for compatibility is in this package, one file for each area: `views` has Keras' modules,
`tensorflow` what ``import convoscope as tf`` finds, `arrays`, `images` and `files` their functions, `outside` one
sentence for each name that is not here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convoscope.keras import outside, views
from convoscope.layers import Input
from convoscope.layers.symbols import Symbol as KerasTensor
from convoscope.models import Model, Sequential

if TYPE_CHECKING:
    from convoscope import (
        activations as activations,
        applications as applications,
        callbacks as callbacks,
        constraints as constraints,
        datasets as datasets,
        initializers as initializers,
        layers as layers,
        losses as losses,
        metrics as metrics,
        models as models,
        optimizers as optimizers,
        regularizers as regularizers,
        utils as utils,
    )
    from convoscope.keras import backend as backend, ops as ops, random as random

#: The release of Keras whose words, defaults and numbers are followed.
__version__ = "3.15.1"

_MODULES = ("backend", "ops", "random")
_OBJECTS = {
    "Function": "convoscope.models",
    "Initializer": "convoscope.initializers",
    "Layer": "convoscope.layers",
    "Loss": "convoscope.losses",
    "Metric": "convoscope.metrics",
    "Optimizer": "convoscope.optimizers",
    "Regularizer": "convoscope.regularizers",
}

__all__ = ["Input", "KerasTensor", "Model", "Sequential", *_MODULES, *(name for name in views.VIEWS if "." not in name)]

globals().update(views.enter())
outside.explain_imports()


def version() -> str:
    """Return the release of Keras whose words, defaults and numbers are followed."""
    return __version__


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _OBJECTS:
        return getattr(importlib.import_module(_OBJECTS[name]), name)
    raise outside.missing(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
