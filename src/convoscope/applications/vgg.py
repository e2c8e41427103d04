"""VGG16 and VGG19: 3×3 convolutions and poolings, with Keras' names of layers.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.applications.arguments import Arguments, checked
from convoscope.applications.functions import NetworkFunction, network_function
from convoscope.applications.imagenet_utils import decode_predictions as decode_predictions
from convoscope.applications.preparing import MODES, preprocessing
from convoscope.applications.published import PUBLISHED
from convoscope.applications.weights import source_of
from convoscope.layers import Conv2D, Dense, Flatten, MaxPooling2D
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

preprocess_input = preprocessing(
    MODES["caffe"], "Put blue first and subtract the means of ImageNet's channels, as Keras' VGG16 and 19 expect."
)
SIZE = 224
_FILTERS = (64, 128, 256, 512, 512)


@dataclass(frozen=True)
class VGG:
    """A network of the family: how many convolutions each of its five blocks has.

    Examples
    --------
    >>> VGGS["vgg16"].function, VGGS["vgg16"].counts
    ('VGG16', (2, 2, 3, 3, 3))
    """

    function: str
    counts: tuple[int, int, int, int, int]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.function.lower()

    @property
    def block_names(self) -> tuple[str, ...]:
        """What the names of layers begin with, block by block, from the input on."""
        return tuple(f"block{number}" for number in range(1, 6))

    @property
    def names_in_torchvision(self) -> dict[str, str]:
        """What each layer with weights is called in torchvision's files."""
        found, index = {}, 0
        for block, count in enumerate(self.counts, start=1):
            for number in range(1, count + 1):
                found[f"block{block}_conv{number}"] = f"features.{index}"
                index += 2  # a ReLU is counted too
            index += 1  # and so is a pooling
        return {**found, "fc1": "classifier.0", "fc2": "classifier.3", "predictions": "classifier.6"}


VGGS = {vgg.name: vgg for vgg in (VGG("VGG16", (2, 2, 3, 3, 3)), VGG("VGG19", (2, 2, 4, 4, 4)))}


def _features(x: Symbol, vgg: VGG) -> Symbol:
    for block, (filters, count) in enumerate(zip(_FILTERS, vgg.counts, strict=True), start=1):
        for number in range(1, count + 1):
            x = Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{number}")(x)
        x = MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    return x


def _end(x: Symbol, arguments: Arguments) -> Symbol:
    if not arguments.include_top:
        return arguments.pooled(x)
    x = Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = Dense(4096, activation="relu", name=name)(x)
    return arguments.predictions(x)


def build(vgg: VGG, **options: Any) -> Model:
    """Return a network of the family; for the arguments see `convoscope.applications.VGG16`.

    Examples
    --------
    >>> build(VGGS["vgg16"], include_top=False, weights=None, input_shape=(64, 64, 3)).output_shape
    (None, 2, 2, 512)
    """
    arguments = checked(vgg.function, size=SIZE, **options)
    source = source_of(arguments, PUBLISHED[vgg.name])
    with source.building():
        begin = arguments.begin()
        model = arguments.model(begin, _end(_features(begin, vgg), arguments), vgg.name)
    flattened = {"fc1": model.get_layer("flatten").input_shape[1:]} if arguments.include_top else {}
    source.fill(model, vgg.names_in_torchvision, flattened=flattened)
    return model


def _function(vgg: VGG) -> NetworkFunction:
    summary = (
        f"Return {vgg.function}, for images of {SIZE}×{SIZE} pixels that `preprocess_input` has prepared (mode "
        "'caffe'; with weights from a file of torchvision, 'torch')."
    )
    return network_function(vgg.function, lambda **options: build(vgg, **options), summary)


VGG16, VGG19 = map(_function, VGGS.values())
