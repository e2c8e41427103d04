"""Networks in Keras' words, which are Convoscope's too: one builder for both."""

from __future__ import annotations

from typing import Any

from benchmarks import networks
from benchmarks.networks import Network


def build(keras: Any, network: Network, *, from_bytes: bool = False) -> Any:
    """Build a network with its first weights.

    Parameters
    ----------
    keras : module
        Keras, or Convoscope.
    from_bytes : bool
        Begin with a division by 255, for 8-bit images as they are.
    """
    first = [keras.layers.Rescaling(1 / 255)] if from_bytes else []
    layers = [_layer(keras.layers, layer) for layer in network.layers]
    model = keras.Sequential([keras.Input(shape=network.input), *first, *layers])
    model.set_weights(networks.weights(network))
    return model


def _layer(layers: Any, layer: networks.Layer) -> Any:
    if isinstance(layer, networks.Conv):
        return layers.Conv2D(
            layer.filters, layer.kernel, strides=layer.stride, padding=layer.padding, activation=layer.activation
        )
    if isinstance(layer, networks.Pool):
        return (layers.MaxPooling2D if layer.kind == "max" else layers.AveragePooling2D)(layer.size)
    if isinstance(layer, networks.BatchNorm):
        return layers.BatchNormalization(epsilon=layer.epsilon, momentum=layer.momentum)
    if isinstance(layer, networks.Relu):
        return layers.ReLU()
    if isinstance(layer, networks.Flatten):
        return layers.Flatten()
    if isinstance(layer, networks.GlobalAverage):
        return layers.GlobalAveragePooling2D()
    return layers.Dense(layer.units, activation=layer.activation)


def compile_model(model: Any) -> None:
    """Compile as the lesson does."""
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
