"""Layers as plain JSON, and back."""

from __future__ import annotations

from typing import Any

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers import sharing
from convoscope.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from convoscope.layers.augmentation import RandomErasing, RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from convoscope.layers.base import Layer
from convoscope.layers.convolution import Conv2D
from convoscope.layers.dense import Dense
from convoscope.layers.depthwise import DepthwiseConv2D, SeparableConv2D
from convoscope.layers.enlarging import Conv2DTranspose, UpSampling2D
from convoscope.layers.input import InputLayer
from convoscope.layers.joining import Add, Average, Concatenate, Divide, Maximum, Minimum, Multiply, Subtract
from convoscope.layers.lambda_layer import Lambda
from convoscope.layers.local_response import LocalResponseNormalization
from convoscope.layers.normalization import BatchNormalization, Rescaling
from convoscope.layers.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    MinPooling2D,
)
from convoscope.layers.registered import get_registered_object
from convoscope.layers.regularization import AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout2D
from convoscope.layers.reshaping import Cropping2D, Flatten, Permute, RepeatVector, Reshape, ZeroPadding2D
from convoscope.layers.resizing import CenterCrop, RandomCrop, Resizing
from convoscope.layers.sample_normalization import GroupNormalization, LayerNormalization, UnitNormalization
from convoscope.layers.standardization import Normalization
from convoscope.layers.symbols import Operation
from convoscope.layers.tone import RandomBrightness, RandomContrast

#: Every layer that a model can be made of, by the name that files and `deserialize` use.
KINDS: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (
        InputLayer,
        Conv2D,
        Conv2DTranspose,
        DepthwiseConv2D,
        SeparableConv2D,
        UpSampling2D,
        MaxPooling2D,
        AveragePooling2D,
        MinPooling2D,
        GlobalAveragePooling2D,
        GlobalMaxPooling2D,
        Flatten,
        Reshape,
        Dense,
        Dropout,
        BatchNormalization,
        Activation,
        ReLU,
        LeakyReLU,
        ELU,
        Softmax,
        ZeroPadding2D,
        Rescaling,
        RandomFlip,
        RandomTranslation,
        RandomRotation,
        RandomErasing,
        Add,
        Subtract,
        Multiply,
        Divide,
        Average,
        Maximum,
        Minimum,
        Concatenate,
        RandomZoom,
        RandomContrast,
        RandomBrightness,
        RandomCrop,
        CenterCrop,
        Resizing,
        PReLU,
        SpatialDropout2D,
        GaussianNoise,
        GaussianDropout,
        AlphaDropout,
        LayerNormalization,
        GroupNormalization,
        UnitNormalization,
        LocalResponseNormalization,
        Normalization,
        Cropping2D,
        Permute,
        RepeatVector,
    )
}


#: Models that may stand in others, by the same names. The models' package enters them.
MODELS: dict[str, Any] = {}


def serialize(layer: Operation) -> dict[str, Any]:
    """Return the kind and settings of a layer, or of a model, as plain JSON values.

    Examples
    --------
    >>> serialize(Flatten(name="flat"))
    {'class_name': 'Flatten', 'config': {'name': 'flat', 'trainable': True}}
    """
    return sharing.described(layer, lambda: {"class_name": _known_kind(layer), "config": layer.get_config()})  # type: ignore[attr-defined]


def deserialize(description: dict[str, Any]) -> Any:
    """Make a layer, or a model, from what `serialize` returned.

    Examples
    --------
    >>> layer = deserialize({"class_name": "Conv2D", "config": {"filters": 8, "kernel_size": (3, 3)}})
    >>> layer.compute_output_shape((None, 28, 28, 1))
    (None, 26, 26, 8)
    """
    if not isinstance(description, dict):
        raise ConfigurationError(f"The description of a layer must be a dict, but is {description!r}.")
    return sharing.made(description, lambda: _made(description))


def _made(description: dict[str, Any]) -> Any:
    name, config = description.get("class_name"), description.get("config")
    if name == "Lambda":
        Lambda()
    known = get_registered_object(name) if isinstance(name, str) else None
    if known is not None:
        return known.from_config(config)
    if not isinstance(name, str) or name not in KINDS | MODELS:
        raise unknown_name("layer", name, KINDS)
    if not isinstance(config, dict):
        raise ConfigurationError(f"The description of a {name} layer has no config: expected a dict, got {config!r}.")
    return (KINDS | MODELS)[name].from_config(config)


def _known_kind(layer: Operation) -> str:
    """Return the name of the layer's class; for a model of a class of yours, of the one that it is derived from."""
    return next((kind.__name__ for kind in type(layer).__mro__ if kind in MODELS.values()), type(layer).__name__)
