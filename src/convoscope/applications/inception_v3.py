"""InceptionV3, as Keras has it: blocks of branches that look at windows of several sizes.

Szegedy and others, "Rethinking the Inception Architecture for Computer Vision" (2015). The blocks' ends are named
``mixed0`` to ``mixed10``; other layers are named by their kind and counted, as in Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.applications.arguments import checked
from convoscope.applications.functions import network_function
from convoscope.applications.imagenet_utils import decode_predictions as decode_predictions
from convoscope.applications.preparing import MODES, preprocessing
from convoscope.applications.published import PUBLISHED
from convoscope.applications.weights import source_of
from convoscope.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    MaxPooling2D,
)
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

preprocess_input = preprocessing(MODES["tf"], "Scale values from 0..255 to -1..1, as for Keras' InceptionV3.")
NAME, SIZE, LEAST = "inception-v3", 299, 75
#: Convolutions that follow each other: filters, rows and columns of the window.
_Branch = Sequence[tuple[int, int, int]]


def _conv(x: Symbol, filters: int, rows: int, columns: int, padding: str = "same", stride: int = 1) -> Symbol:
    x = Conv2D(filters, (rows, columns), strides=stride, padding=padding, use_bias=False)(x)
    return Activation("relu")(BatchNormalization(scale=False)(x))  # type: ignore[no-any-return]


def _branch(x: Symbol, convolutions: _Branch) -> Symbol:
    for each in convolutions:
        x = _conv(x, *each)
    return x


def _mixed(x: Symbol, name: str, branches: Sequence[_Branch], pooled: int) -> Symbol:
    """Return the branches beside each other, and an average with a convolution behind it."""
    parts = [_branch(x, branch) for branch in branches]
    average = AveragePooling2D(3, strides=1, padding="same")(x)
    return Concatenate(name=name)([*parts, _conv(average, pooled, 1, 1)])  # type: ignore[no-any-return]


def _halved(x: Symbol, name: str, branches: Sequence[_Branch]) -> Symbol:
    """Return the branches, whose last convolution halves the image, beside a pooling that does."""
    parts = [_conv(_branch(x, branch[:-1]), *branch[-1], padding="valid", stride=2) for branch in branches]
    return Concatenate(name=name)([*parts, MaxPooling2D(3, strides=2)(x)])  # type: ignore[no-any-return]


def _split(x: Symbol, name: str | None = None) -> Symbol:
    """Return a row and a column that are looked at side by side."""
    return Concatenate(name=name)([_conv(x, 384, 1, 3), _conv(x, 384, 3, 1)])  # type: ignore[no-any-return]


def _wide(x: Symbol, number: int) -> Symbol:
    parts = [
        _conv(x, 320, 1, 1),
        _split(_conv(x, 384, 1, 1), f"mixed9_{number - 9}"),
        _split(_branch(x, [(448, 1, 1), (384, 3, 3)])),
    ]
    average = AveragePooling2D(3, strides=1, padding="same")(x)
    return Concatenate(name=f"mixed{number}")([*parts, _conv(average, 192, 1, 1)])  # type: ignore[no-any-return]


def _features(x: Symbol) -> Symbol:
    x = _conv(x, 32, 3, 3, "valid", 2)
    x = _conv(x, 32, 3, 3, "valid")
    x = MaxPooling2D(3, strides=2)(_conv(x, 64, 3, 3))
    x = _conv(x, 80, 1, 1, "valid")
    x = MaxPooling2D(3, strides=2)(_conv(x, 192, 3, 3, "valid"))
    twice = [(64, 1, 1), (96, 3, 3), (96, 3, 3)]
    for number, pooled in enumerate((32, 64, 64)):
        x = _mixed(x, f"mixed{number}", [[(64, 1, 1)], [(48, 1, 1), (64, 5, 5)], twice], pooled)
    x = _halved(x, "mixed3", [[(384, 3, 3)], twice])
    for number, n in enumerate((128, 160, 160, 192), start=4):
        once = [(n, 1, 1), (n, 1, 7), (192, 7, 1)]
        twice = [(n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)]
        x = _mixed(x, f"mixed{number}", [[(192, 1, 1)], once, twice], 192)
    x = _halved(x, "mixed8", [[(192, 1, 1), (320, 3, 3)], [(192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3)]])
    return _wide(_wide(x, 9), 10)


def build(**options: Any) -> Model:
    """Return InceptionV3; for the arguments see `convoscope.applications.InceptionV3`.

    Examples
    --------
    >>> build(include_top=False, weights=None, input_shape=(139, 139, 3)).output_shape
    (None, 3, 3, 2048)
    """
    arguments = checked("InceptionV3", size=SIZE, least=LEAST, **options)
    source = source_of(arguments, PUBLISHED[NAME])
    with source.building():
        begin = arguments.begin()
        model = arguments.model(begin, arguments.end(_features(begin)), "inception_v3")
    source.fill(model)
    return model


InceptionV3 = network_function(
    "InceptionV3",
    build,
    f"Return InceptionV3, for images of {SIZE}×{SIZE} pixels that `preprocess_input` has prepared, to values from -1 "
    "to 1. Its weights are Keras'; torchvision's network differs.",
)
