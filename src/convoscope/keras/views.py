"""Keras' modules under every name that programs import them by.

``convoscope.keras.layers`` is a view of `convoscope.layers`: the same classes, and beside them what is said of names
that are not here. Nothing is imported before a name is asked for.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from convoscope.keras import outside
from convoscope.keras.aliases import ALIASES

_HERE = "convoscope.keras"

#: Views by their names behind ``keras.``, and the modules that they show, the first that has a name counting.
VIEWS: dict[str, tuple[str, ...]] = {
    "activations": ("convoscope.nn", "convoscope.activations"),
    "applications": ("convoscope.applications",),
    "callbacks": ("convoscope.callbacks",),
    "config": ("convoscope.keras.settings",),
    "constraints": ("convoscope.constraints",),
    "datasets": ("convoscope.datasets",),
    "initializers": ("convoscope.initializers",),
    "layers": ("convoscope.layers",),
    "losses": ("convoscope.losses",),
    "metrics": ("convoscope.metrics",),
    "models": ("convoscope.models",),
    "optimizers": ("convoscope.optimizers",),
    "preprocessing": ("convoscope.preprocessing", "convoscope.utils"),
    "regularizers": ("convoscope.regularizers",),
    "saving": ("convoscope.layers.registered", "convoscope.models"),
    "utils": ("convoscope.utils", "convoscope.layers.registered", "convoscope.keras.settings"),
    # ---- modules in modules
    "applications.imagenet_utils": ("convoscope.applications.imagenet_utils",),
    "applications.inception_v3": ("convoscope.applications.inception_v3",),
    "applications.mobilenet_v2": ("convoscope.applications.mobilenet_v2",),
    "applications.resnet": ("convoscope.applications.resnet",),
    "applications.resnet50": ("convoscope.applications.resnet",),
    "applications.vgg16": ("convoscope.applications.vgg",),
    "applications.vgg19": ("convoscope.applications.vgg",),
    "datasets.cifar10": ("convoscope.datasets.cifar10",),
    "datasets.cifar100": ("convoscope.datasets.cifar100",),
    "datasets.digits": ("convoscope.datasets.digits",),
    "datasets.fashion_mnist": ("convoscope.datasets.fashion_mnist",),
    "datasets.kmnist": ("convoscope.datasets.kmnist",),
    "datasets.mnist": ("convoscope.datasets.mnist",),
    "optimizers.schedules": ("convoscope.training.schedules",),
    "preprocessing.image": ("convoscope.preprocessing.image", "convoscope.utils"),
    # ---- where older Keras kept them
    "callbacks.callbacks": ("convoscope.callbacks",),
    "engine": ("convoscope.models",),
    "engine.training": ("convoscope.models",),
    "layers.advanced_activations": ("convoscope.layers",),
    "layers.convolutional": ("convoscope.layers",),
    "layers.core": ("convoscope.layers",),
    "layers.experimental": ("convoscope.layers",),
    "layers.experimental.preprocessing": ("convoscope.layers",),
    "layers.merge": ("convoscope.layers",),
    "layers.noise": ("convoscope.layers",),
    "layers.normalization": ("convoscope.layers",),
    "layers.pooling": ("convoscope.layers",),
    "optimizers.experimental": ("convoscope.optimizers",),
    "optimizers.legacy": ("convoscope.optimizers",),
    "preprocessing.image_dataset": ("convoscope.utils",),
    "utils.data_utils": ("convoscope.utils",),
    "utils.generic_utils": ("convoscope.utils", "convoscope.layers.registered"),
    "utils.np_utils": ("convoscope.utils",),
    "utils.vis_utils": ("convoscope.utils",),
}


class View(ModuleType):
    """A module that shows the names of others."""

    def __init__(self, name: str, shown: tuple[str, ...]) -> None:
        super().__init__(f"{_HERE}.{name}", f"``keras.{name}``: `{shown[0]}`.")
        self.__path__: list[str] = []  # modules in it are entered in sys.modules, and found there
        self.__shown__ = shown
        self.__aliases__ = ALIASES.get(name.partition(".")[0], {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        name = self.__aliases__.get(name, name)
        for each in self.__shown__:
            module = importlib.import_module(each)
            if hasattr(module, name):
                return getattr(module, name)
        within = sys.modules.get(f"{self.__name__}.{name}")
        if within is not None:
            return within
        raise outside.missing(self.__name__, name)

    def __dir__(self) -> list[str]:
        return sorted({name for each in self.__shown__ for name in dir(importlib.import_module(each))})


def enter() -> dict[str, View]:
    """Enter all views in ``sys.modules``, and return those that stand directly in ``keras``, by name."""
    for name, shown in VIEWS.items():
        sys.modules.setdefault(f"{_HERE}.{name}", View(name, shown))
    return {name: sys.modules[f"{_HERE}.{name}"] for name in VIEWS if "." not in name}  # type: ignore[misc]
