"""Keras' names in one place, for lessons that write ``tf.keras.layers.Conv2D`` or ``from tensorflow import keras``.

``from convoscope.keras.layers import Dense`` works as well: each module below can be imported from here.
"""

import sys
from types import ModuleType

from convoscope import (
    activations,
    callbacks,
    constraints,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from convoscope.layers import Input
from convoscope.models import Model, Sequential

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "activations",
    "callbacks",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "regularizers",
    "utils",
]

# The same modules under a second name: without these entries "from convoscope.keras.layers import Dense" would look
# for files here, and copies of them would be different classes.
for _name in __all__:
    if isinstance(globals()[_name], ModuleType):
        sys.modules[f"{__name__}.{_name}"] = globals()[_name]
sys.modules[f"{__name__}.optimizers.schedules"] = optimizers.schedules
for _name in ("digits", "mnist", "fashion_mnist"):
    sys.modules[f"{__name__}.datasets.{_name}"] = getattr(datasets, _name)
