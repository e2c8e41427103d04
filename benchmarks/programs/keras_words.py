"""Networks in Keras' words, which are Convoscope's too: one builder for both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import networks
from benchmarks.networks import Network


def build(keras: Any, network: Network, *, from_bytes: bool = False) -> Any:
    """Build a network with its first weights: a `Sequential`, or a `Model` where it has branches.

    Parameters
    ----------
    keras : module
        Keras, or Convoscope.
    from_bytes : bool
        Begin with a division by 255, for 8-bit images as they are.
    """
    first = [keras.layers.Rescaling(1 / 255)] if from_bytes else []
    if not network.branches:
        model = keras.Sequential([keras.Input(shape=network.input), *first, *layers_of(keras, network)])
        model.set_weights(networks.weights(network))
        return model
    image = value = keras.Input(shape=network.input)
    for layer in first:
        value = layer(value)
    made: list[Any] = []
    model = keras.Model(image, _called(keras.layers, network.layers, value, made))
    # A model has its own order of layers where there are branches.
    weighted = [layer for layer in made if layer.get_weights()]
    for layer, arrays in zip(weighted, networks.weights_of_layers(network), strict=True):
        layer.set_weights(arrays)
    return model


def layers_of(keras: Any, network: Network) -> list[Any]:
    """Return the layers of a network without branches."""
    return [_MAKERS[type(layer)](keras.layers, layer) for layer in network.layers]


def _called(layers: Any, described: tuple[networks.Layer, ...], value: Any, made: list[Any]) -> Any:
    """Return what layers in a row make of a symbol, and note each of them."""
    for layer in described:
        if isinstance(layer, networks.Join):
            branches = [_called(layers, branch, value, made) for branch in layer.branches]
            made.append(_JOINS[layer.how](layers))
            value = made[-1](branches)
        else:
            made.append(_MAKERS[type(layer)](layers, layer))
            value = made[-1](value)
    return value


def _convolution(layers: Any, layer: networks.Conv) -> Any:
    return layers.Conv2D(
        layer.filters,
        layer.kernel,
        strides=layer.stride,
        padding=layer.padding,
        activation=layer.activation,
        use_bias=layer.bias,
    )


def _pooling(layers: Any, layer: networks.Pool) -> Any:
    kind = layers.MaxPooling2D if layer.kind == "max" else layers.AveragePooling2D
    return kind(layer.size, strides=layer.stride, padding=layer.padding)


def _depthwise(layers: Any, layer: networks.Depthwise) -> Any:
    return layers.DepthwiseConv2D(layer.kernel, strides=layer.stride, padding=layer.padding, use_bias=False)


_MAKERS: dict[type, Callable[[Any, Any], Any]] = {
    networks.Conv: _convolution,
    networks.Depthwise: _depthwise,
    networks.Transposed: lambda layers, layer: layers.Conv2DTranspose(layer.filters, layer.size, strides=layer.size),
    networks.Pool: _pooling,
    networks.BatchNorm: lambda layers, layer: layers.BatchNormalization(epsilon=layer.epsilon, momentum=layer.momentum),
    networks.Relu: lambda layers, layer: layers.ReLU() if layer.limit is None else layers.ReLU(layer.limit),
    networks.Flatten: lambda layers, layer: layers.Flatten(),
    networks.GlobalAverage: lambda layers, layer: layers.GlobalAveragePooling2D(),
    networks.Maps: lambda layers, layer: layers.Reshape((1, 1, -1)),
    networks.Dense: lambda layers, layer: layers.Dense(layer.units, activation=layer.activation),
}
_JOINS: dict[str, Callable[[Any], Any]] = {
    "add": lambda layers: layers.Add(),
    "multiply": lambda layers: layers.Multiply(),
    "concatenate": lambda layers: layers.Concatenate(),
}


def compile_model(model: Any) -> None:
    """Compile as the lesson does."""
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
