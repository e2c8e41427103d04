"""What Keras cannot express of our models: said before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.initializers import FilterBank
from convoscope.layers.base import Layer
from convoscope.layers.convolution import Conv2D
from convoscope.layers.depthwise import Depthwise
from convoscope.layers.joining import Divide
from convoscope.layers.local_response import LocalResponseNormalization
from convoscope.layers.pooling import MinPooling2D
from convoscope.layers.resizing import RandomCrop
from convoscope.layers.serialization import KINDS
from convoscope.models.network import Network

#: Layers that Keras has not, and what to write in their place.
LAYERS: dict[type[Layer], str] = {
    Divide: "Keras has no such layer",
    LocalResponseNormalization: "Keras has no such layer, only tf.nn.local_response_normalization",
    MinPooling2D: "Keras has no such layer: Rescaling(-1), MaxPooling2D and Rescaling(-1) compute the same",
}


def check(model: Network) -> None:
    """Raise ConfigurationError if there is something that Keras, which must read the file, cannot express.

    Examples
    --------
    >>> from convoscope.layers import MinPooling2D
    >>> from convoscope.models import Sequential
    >>> try:
    ...     check(Sequential([MinPooling2D(input_shape=(4, 4, 1), name="darkest")]))
    ... except ConfigurationError as error:
    ...     print(str(error).split(": ")[1:3])
    ["MinPooling2D 'darkest'", 'Keras has no such layer']
    """
    problems = list(dict.fromkeys([*_of_layers(model), *_of_sharing(model)]))
    if problems:
        more = f"; and {len(problems) - 12} more" if len(problems) > 12 else ""
        raise ConfigurationError(
            f"Model {model.name!r} cannot be saved in a format that Keras reads: {'; '.join(problems[:12])}{more}. "
            "model.save('model.safetensors') keeps everything."
        )


def _of_layers(model: Network) -> Iterator[str]:
    for layer in model.leaf_layers:
        known = LAYERS.get(type(layer))
        if known is None and KINDS.get(type(layer).__name__) is not type(layer):
            known = f"{type(layer).__name__} is a custom class, which the file cannot contain"
        if known is None:
            known = _of_windows(layer) or _of_cropping(layer)
        if known is not None:
            yield f"{layer.describe()}: {known}"


def _of_windows(layer: Layer) -> str | None:
    """Say what TensorFlow does not compute of a convolution."""
    if not isinstance(layer, (Conv2D, Depthwise)):
        return None
    if isinstance(layer, Depthwise) and layer.strides[0] != layer.strides[1]:
        return f"TensorFlow supports only equal strides, not {layer.strides}"
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        return f"Keras does not combine strides {layer.strides} with a dilation rate {layer.dilation_rate}"
    return None


def _of_cropping(layer: Layer) -> str | None:
    """Say that Keras crops in training only, and lets images through as they are in prediction."""
    if not isinstance(layer, RandomCrop):
        return None
    height, width = layer.input_shape[1:3]
    if (height, width) == (layer.height, layer.width):
        return None
    return (
        f"Keras does not crop in prediction, and the following layers would get {height}x{width} pixels instead of "
        f"{layer.height}x{layer.width}. Resizing({layer.height}, {layer.width}, crop_to_aspect_ratio=True) predicts "
        "the same in both"
    )


def _of_sharing(model: Any) -> Iterator[str]:
    """Say which layers stand in several of the models: Keras' files have a copy of them in each."""
    counts = Counter[int]()
    names: dict[int, str] = {}

    def count(owner: Any) -> None:
        for layer in owner.layers:
            counts[id(layer)] += 1
            names[id(layer)] = layer.describe()
            if counts[id(layer)] == 1 and hasattr(layer, "node_list"):
                count(layer)

    count(model)
    for key, number in counts.items():
        if number > 1:
            yield f"{names[key]} is part of {number} models, but Keras' files store a separate copy in each"


def replaced(model: Network) -> list[str]:
    """Return what is written as something else, in words: first values that Keras does not know."""
    return [
        f"{layer.describe()} begins with a filter bank, which Keras does not have: there, a new layer starts with "
        "'glorot_uniform'. The weights are unchanged"
        for layer in model.leaf_layers
        if any(isinstance(value, FilterBank) for value in vars(layer).values())
    ]
