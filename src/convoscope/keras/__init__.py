"""Keras' names in one place, for lessons that write ``tf.keras.layers.Conv2D`` or ``from tensorflow import keras``.

``from convoscope.keras.layers import Dense`` works as well: each module below can be imported from here.
"""

import sys

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

# The same modules under a second name: without these entries "from convoscope.keras.layers import Dense" would look
# for files here, and copies of them would be different classes.
for _module in (
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
):
    sys.modules[f"{__name__}.{_module.__name__.rpartition('.')[2]}"] = _module
sys.modules[f"{__name__}.optimizers.schedules"] = optimizers.schedules
for _dataset in ("digits", "mnist", "fashion_mnist"):
    sys.modules[f"{__name__}.datasets.{_dataset}"] = getattr(datasets, _dataset)

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
