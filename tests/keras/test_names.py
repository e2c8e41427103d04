"""Keras' and TensorFlow's names: found under every spelling, or answered in a sentence."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest

import convoscope as tf
from convoscope import keras, layers
from convoscope.errors import ConfigurationError, ConvoscopeError, OutsideImportError, OutsideNameError
from convoscope.keras import outside, settings, views

IMPORTS = [
    "from convoscope.keras.layers import Conv2D, Dense",
    "from convoscope.keras.layers.core import Dense, Dropout, Flatten",
    "from convoscope.keras.layers.convolutional import Conv2D, MaxPooling2D",
    "from convoscope.keras.layers.normalization import BatchNormalization",
    "from convoscope.keras.layers.advanced_activations import LeakyReLU",
    "from convoscope.keras.layers.experimental.preprocessing import RandomFlip",
    "from convoscope.keras.optimizers.schedules import ExponentialDecay",
    "from convoscope.keras.utils.np_utils import to_categorical",
    "from convoscope.keras.datasets.mnist import load_data",
    "import convoscope.keras.backend as K",
    "import convoscope.keras.layers as L",
    "import convoscope.keras.ops",
    "from convoscope.keras import backend as K, Input, Model, Sequential, layers, models, ops",
    "from convoscope.keras.initializers import he_normal, glorot_uniform",
    "from convoscope.keras.regularizers import l2",
    "from convoscope.keras.callbacks import Callback, EarlyStopping",
    "from convoscope.keras.layers import *",
    "from convoscope import keras",
]


@pytest.mark.parametrize("line", IMPORTS)
def test_an_import_of_keras_runs_with_the_package_changed(line: str) -> None:
    exec(line, {})


def test_every_spelling_gives_the_same_class() -> None:
    for name in ("layers", "layers.core", "layers.convolutional", "layers.experimental.preprocessing"):
        assert importlib.import_module(f"convoscope.keras.{name}").Conv2D is layers.Conv2D
    assert tf.keras.layers.experimental.preprocessing.RandomFlip is layers.RandomFlip
    assert keras.layers.Conv2D is layers.Conv2D
    assert tf.keras is keras


def test_every_view_shows_something() -> None:
    for name in views.VIEWS:
        assert dir(sys.modules[f"convoscope.keras.{name}"]), name


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        ("tf", "GradientTape", "convoscope.explore"),
        ("tf", "lite", "model.save"),
        ("tf", "Session", "compile and fit"),
        ("keras.layers", "LSTM", "for images"),
        ("keras.layers", "Conv1D", r"Conv2D\(filters, \(1, k\)\)"),
        ("keras.datasets", "imdb", "mnist"),
    ],
)
def test_a_name_that_is_outside_says_what_to_write(module: str, name: str, words: str) -> None:
    with pytest.raises(OutsideNameError, match=words) as told:
        eval(f"{module}.{name}", {"tf": tf, "keras": keras})
    assert str(told.value).startswith(f"{module.rsplit('.')[-1]}.{name} is not in Convoscope: ")
    with pytest.raises(OutsideImportError, match=words):
        exec(f"from {module.replace('tf', 'convoscope').replace('keras', 'convoscope.keras')} import {name}", {})
    assert not hasattr(eval(module, {"tf": tf, "keras": keras}), name)


def test_modules_that_are_outside_say_so_on_import() -> None:
    with pytest.raises(OutsideImportError, match="no layers for text"):
        importlib.import_module("convoscope.keras.preprocessing.text")
    with pytest.raises(OutsideImportError, match="TensorFlow 1 is not supported"):
        importlib.import_module("convoscope.contrib.layers")


def test_every_sentence_is_one_and_names_nothing_that_is_here() -> None:
    for module, table in outside.TABLES.items():
        for name, said in table.items():
            assert said.endswith((".", ")")), name
            assert said[0].islower() or said.startswith(("Convoscope", "TensorFlow", "ImageDataGenerator")), said
            if module.startswith("convoscope.keras."):
                assert not hasattr(importlib.import_module(module), name), name


def test_an_unknown_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Convoluted'"):
        keras.layers.Convoluted  # noqa: B018
    with pytest.raises(ImportError, match="Convoluted"):
        exec("from convoscope.keras.layers import Convoluted", {})
    with pytest.raises(AttributeError, match="has no attribute"):
        tf.no_such_thing  # noqa: B018
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("convoscope.keras.no_such_thing")


def test_versions() -> None:
    assert keras.__version__.startswith("3.")
    assert tf.version.VERSION.startswith("2.")


@pytest.mark.parametrize(
    "call",
    [
        lambda: settings.set_image_data_format("channels_first"),
        lambda: settings.set_floatx("float16"),
        lambda: settings.set_epsilon(1e-3),
        lambda: settings.set_backend("jax"),
        lambda: keras.backend.set_image_data_format("channels_first"),
    ],
)
def test_settings_with_one_value_refuse_another(call: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Leave|their own argument|channels_last"):
        call()


def test_settings_accept_what_is_so() -> None:
    settings.set_image_data_format("channels_last")
    settings.set_floatx("float32")
    settings.set_epsilon(1e-7)
    assert keras.backend.image_data_format() == settings.image_data_format() == "channels_last"
    assert keras.config.floatx() == "float32"
    assert tf.config.list_physical_devices("GPU") == []
    assert issubclass(OutsideNameError, ConvoscopeError)


def test_importing_takes_no_time() -> None:
    """``import convoscope as tf`` loads neither layers nor Keras' modules."""
    code = "import sys, convoscope as tf; print(sorted(m for m in sys.modules if m.startswith('convoscope')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['convoscope']"
