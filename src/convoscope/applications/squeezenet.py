"""SqueezeNet 1.1, as torchvision has it: 1.2 million weights.

Iandola and others, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size" (2016).
"""

from __future__ import annotations

from typing import Any

from convoscope.applications.arguments import Arguments, checked
from convoscope.applications.functions import network_function
from convoscope.applications.imagenet_utils import decode_predictions as decode_predictions
from convoscope.applications.preparing import TORCH, preprocessing
from convoscope.applications.published import PUBLISHED
from convoscope.applications.weights import source_of
from convoscope.errors import ConfigurationError
from convoscope.layers import (
    Activation,
    Concatenate,
    Conv2D,
    Dropout,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

preprocess_input = preprocessing(
    TORCH, "Normalize each channel to mean 0 and standard deviation 1 over ImageNet, as PyTorch does."
)
NAME, SIZE = "squeezenet", 224
#: Of each fire module: its index among torchvision's features, filters that squeeze, and that expand.
_FIRES = (
    (3, 16, 64),
    (4, 16, 64),
    (6, 32, 128),
    (7, 32, 128),
    (9, 48, 192),
    (10, 48, 192),
    (11, 64, 256),
    (12, 64, 256),
)
_POOLED_BEFORE = (2, 4, 6)  # the fire modules, which are counted from 2
BLOCK_NAMES = ("conv1", *(f"fire{number}" for number in range(2, 10)))


def names_in_torchvision() -> dict[str, str]:
    """Return what each layer is called in torchvision's files.

    Examples
    --------
    >>> names_in_torchvision()["conv1"]
    'features.0'
    """
    found = {"conv1": "features.0", "conv10": "classifier.1"}
    for number, (index, _, _) in enumerate(_FIRES, start=2):
        for part in ("squeeze", "expand1x1", "expand3x3"):
            found[f"fire{number}_{part}"] = f"features.{index}.{part}"
    return found


def _pooled(x: Symbol, name: str) -> Symbol:
    """Return the largest of 3×3 values at every second place; the last windows may reach over the edge."""
    beyond = tuple((0, (length - 3) % 2) for length in x.sample_shape[:2])
    if any(after for _, after in beyond):
        x = ZeroPadding2D(beyond, name=f"{name}_pad")(x)  # zeros are no more than what a ReLU makes
    return MaxPooling2D(3, strides=2, name=f"{name}_pool")(x)  # type: ignore[no-any-return]


def _fire(x: Symbol, squeezed: int, expanded: int, name: str) -> Symbol:
    x = Conv2D(squeezed, 1, activation="relu", name=f"{name}_squeeze")(x)
    both = [
        Conv2D(expanded, 1, activation="relu", name=f"{name}_expand1x1")(x),
        Conv2D(expanded, 3, activation="relu", padding="same", name=f"{name}_expand3x3")(x),
    ]
    return Concatenate(name=f"{name}_concat")(both)  # type: ignore[no-any-return]


def _features(x: Symbol) -> Symbol:
    x = Conv2D(64, 3, strides=2, activation="relu", name="conv1")(x)
    for number, (_, squeezed, expanded) in enumerate(_FIRES, start=2):
        if number in _POOLED_BEFORE:
            x = _pooled(x, "conv1" if number == 2 else f"fire{number - 1}")
        x = _fire(x, squeezed, expanded, f"fire{number}")
    return x


def _end(x: Symbol, arguments: Arguments) -> Symbol:
    if not arguments.include_top:
        return arguments.pooled(x)
    x = Dropout(0.5, name="drop9")(x)
    x = Conv2D(arguments.classes, 1, activation="relu", name="conv10")(x)
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Activation(arguments.classifier_activation or "linear", name="predictions")(x)  # type: ignore[no-any-return]


def build(**options: Any) -> Model:
    """Return SqueezeNet; for the arguments see `convoscope.applications.SqueezeNet`.

    Examples
    --------
    >>> build(include_top=False, weights=None, input_shape=(64, 64, 3)).output_shape
    (None, 3, 3, 512)
    """
    if options.get("input_shape") is None and options.get("input_tensor") is None:
        options["input_shape"] = (SIZE, SIZE, 3)
    arguments = checked("SqueezeNet", size=SIZE, **options)
    if None in arguments.shape:
        raise ConfigurationError(
            "SqueezeNet: the image size must be fixed, as in (224, 224, 3), because the pooling depends on it, but "
            f"input_shape is {arguments.shape}."
        )
    source = source_of(arguments, PUBLISHED[NAME])
    with source.building():
        begin = arguments.begin()
        model = arguments.model(begin, _end(_features(begin), arguments), NAME)
    source.fill(model, names_in_torchvision())
    return model


SqueezeNet = network_function(
    "SqueezeNet",
    build,
    "Return SqueezeNet 1.1, for images of 224×224 pixels that `preprocess_input` has prepared (mode 'torch'). Without "
    "`input_shape`, images have this size, with or without the classifier, because the pooling depends on it.",
)
