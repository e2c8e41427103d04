"""Models and layers of one's own, for Keras and for Convoscope: `tools/make_keras_configs.py` runs them with Keras."""

from __future__ import annotations

from typing import Any


def block_of(keras: Any) -> Any:
    """Return a class of layers: a residual block, with a layer that is made in `build`."""
    layers = keras.layers

    class Block(layers.Layer):
        def __init__(self, filters: int, **options: Any) -> None:
            super().__init__(**options)
            self.filters = filters
            self.norm = layers.BatchNormalization()
            self.conv = layers.Conv2D(filters, 3, padding="same")
            self.short: Any = None

        def build(self, input_shape: Any) -> None:
            if input_shape[-1] != self.filters:
                self.short = layers.Conv2D(self.filters, 1)
            super().build(input_shape)

        def call(self, x: Any, training: Any = None) -> Any:
            y = self.norm(self.conv(x), training=training)
            return keras.layers.add([y, x if self.short is None else self.short(x)])

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "filters": self.filters}

    return Block


def network_of(keras: Any) -> Any:
    """Return a class of models: layers in a list and a dict, a model within, a block, and a branch on training."""
    layers, block = keras.layers, block_of(keras)

    class MyNetwork(keras.Model):
        def __init__(self, classes: int = 3) -> None:
            super().__init__()
            self.last = layers.Dense(classes)
            self.blocks = [block(2), block(2)]
            self.heads = {"pool": layers.GlobalAveragePooling2D(), "drop": layers.Dropout(0.5)}
            self.inner = keras.Sequential([layers.Dense(4), layers.ReLU()])
            self.also = layers.Dense(3)

        def call(self, inputs: Any, training: Any = None) -> Any:
            x = inputs
            for each in self.blocks:
                x = each(x, training=training)
            x = self.heads["pool"](x)
            if training:
                x = self.heads["drop"](x, training=training)
            return self.last(self.inner(x)) * 2 + self.also(x)

    return MyNetwork
