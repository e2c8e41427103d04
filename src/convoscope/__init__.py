"""Train convolutional image classifiers on a plain CPU, and see inside every one of them.

The words are Keras': ``Sequential``, ``layers``, ``compile``, ``fit``, ``evaluate``, ``summary``. A lesson written for
``tf.keras`` runs when only its import changes::

    import convoscope as cs                      # for: import keras
    import convoscope as tf                      # for: import tensorflow as tf (tf.keras, tf.nn)
    from convoscope import keras                 # for: from tensorflow import keras

Names are loaded when they are first used, so that importing takes no time.
"""

from __future__ import annotations

import importlib
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from convoscope import (
        activations as activations,
        applications as applications,
        callbacks as callbacks,
        constraints as constraints,
        data as data,
        datasets as datasets,
        errors as errors,
        exercises as exercises,
        experiments as experiments,
        explore as explore,
        filters as filters,
        initializers as initializers,
        keras as keras,
        layers as layers,
        lessons as lessons,
        losses as losses,
        metrics as metrics,
        models as models,
        nn as nn,
        optimizers as optimizers,
        plots as plots,
        recipes as recipes,
        regularizers as regularizers,
        utils as utils,
    )
    from convoscope.classifier import Classifier
    from convoscope.datasets.images.preprocessing import Preprocessing
    from convoscope.engine.select import set_precision, use as use_engine
    from convoscope.engine.threads import get_threads, set_threads
    from convoscope.exhibition.opening import gallery as gallery
    from convoscope.layers.input import Input
    from convoscope.models.files import load_model
    from convoscope.models.model import Model
    from convoscope.models.sequential import Sequential
    from convoscope.widgets import ExplorerWidget, LabWidget

_MODULES = (
    "activations",
    "applications",
    "callbacks",
    "constraints",
    "data",
    "datasets",
    "errors",
    "exercises",
    "experiments",
    "explore",
    "filters",
    "initializers",
    "keras",
    "layers",
    "lessons",
    "losses",
    "metrics",
    "models",
    "nn",
    "optimizers",
    "plots",
    "recipes",
    "regularizers",
    "utils",
)
_OBJECTS = {
    "Classifier": "convoscope.classifier",
    "ExplorerWidget": "convoscope.widgets",
    "Input": "convoscope.layers.input",
    "LabWidget": "convoscope.widgets",
    "Model": "convoscope.models.model",
    "Preprocessing": "convoscope.datasets.images.preprocessing",
    "Sequential": "convoscope.models.sequential",
    "from_torch": "convoscope.interchange.pytorch.modules",
    "gallery": "convoscope.exhibition.opening",
    "get_threads": "convoscope.engine.threads",
    "load_model": "convoscope.models.files",
    "set_precision": "convoscope.engine.select",
    "set_threads": "convoscope.engine.threads",
    "use_engine": "convoscope.engine.select",
}

__all__ = [
    "Classifier",
    "ExplorerWidget",
    "Input",
    "LabWidget",
    "Model",
    "Preprocessing",
    "Sequential",
    "__version__",
    "activations",
    "applications",
    "callbacks",
    "constraints",
    "data",
    "datasets",
    "errors",
    "exercises",
    "experiments",
    "explore",
    "filters",
    "from_torch",
    "gallery",
    "get_threads",
    "initializers",
    "keras",
    "layers",
    "lessons",
    "load_model",
    "losses",
    "metrics",
    "models",
    "nn",
    "optimizers",
    "plots",
    "recipes",
    "regularizers",
    "set_precision",
    "set_threads",
    "use_engine",
    "utils",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"convoscope.{name}")
    if name in _OBJECTS:
        module = importlib.import_module(_OBJECTS[name])
        value = getattr(module, "use" if name == "use_engine" else name)
        globals()[name] = value
        return value
    if name.startswith("_"):
        raise AttributeError(f"module 'convoscope' has no attribute {name!r}")
    if PathFinder.find_spec(f"convoscope.{name}", __path__) is not None:
        return importlib.import_module(f"convoscope.{name}")
    # What only TensorFlow has under this name: tf.image, tf.constant.
    globals()[name] = importlib.import_module("convoscope.keras.tensorflow").find(name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
