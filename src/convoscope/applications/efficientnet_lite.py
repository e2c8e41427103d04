"""EfficientNet-Lite0 to 4: EfficientNets without squeeze-and-excitation and with ReLU6, for processors without a GPU.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in Google's variant of
2020. They are built as Keras builds EfficientNets, with its names of layers: ``stem``, ``block1a`` to ``block7a``,
``top``. Images go in with values from 0 to 255: the preparation is part of the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convoscope.applications.arguments import IMAGENET, checked
from convoscope.applications.weights import source_of
from convoscope.layers import Add, BatchNormalization, Conv2D, DepthwiseConv2D, ReLU, Rescaling
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

_FIRST, _LAST = 32, 1280  # filters of stem and top, which are not scaled
_DIVISOR = 8


@dataclass(frozen=True)
class _Stage:
    """Inverted residuals that follow each other."""

    count: int
    kernel: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


@dataclass(frozen=True)
class Lite:
    """One of the family: how much wider and deeper than Lite0 it is, and the size of its images."""

    name: str
    width: float
    depth: float
    size: int
    dropout: float

    @property
    def function(self) -> str:
        """What it is called by: ``EfficientNetLite0``."""
        return f"EfficientNetLite{self.name[-1]}"

    def filters(self, count: int) -> int:
        """Return a stage's number of filters: a multiple of 8, and not more than a tenth below the exact one."""
        exact = count * self.width
        rounded = max(_DIVISOR, int(exact + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
        return rounded + _DIVISOR if rounded < 0.9 * exact else rounded

    def blocks(self, stage: int) -> int:
        """Return how many blocks a stage has; the first and the last keep theirs."""
        count = _STAGES[stage].count
        return count if stage in (0, len(_STAGES) - 1) else math.ceil(count * self.depth)


LITE = {
    lite.name: lite
    for lite in (
        Lite("efficientnet-lite0", 1.0, 1.0, 224, 0.2),
        Lite("efficientnet-lite1", 1.0, 1.1, 240, 0.2),
        Lite("efficientnet-lite2", 1.1, 1.2, 260, 0.3),
        Lite("efficientnet-lite3", 1.2, 1.4, 280, 0.3),
        Lite("efficientnet-lite4", 1.4, 1.8, 300, 0.3),
    )
}


def block_names(lite: Lite) -> tuple[str, ...]:
    """Return what the names of layers begin with, block by block, from the input on."""
    blocks = [f"block{n + 1}{chr(97 + m)}" for n in range(len(_STAGES)) for m in range(lite.blocks(n))]
    return ("stem", *blocks, "top")


def names_in_pytorch(lite: Lite) -> dict[str, str]:
    """Return what each layer with weights is called in the files of ``efficientnet_lite_pytorch``."""
    found = {"stem_conv": "_conv_stem", "stem_bn": "_bn0", "top_conv": "_conv_head", "top_bn": "_bn1"}
    for number, block in enumerate(block_names(lite)[1:-1]):
        parts = {
            "expand_conv": "_expand_conv",
            "expand_bn": "_bn0",
            "dwconv": "_depthwise_conv",
            "bn": "_bn1",
            "project_conv": "_project_conv",
            "project_bn": "_bn2",
        }
        found |= {f"{block}_{own}": f"_blocks.{number}.{theirs}" for own, theirs in parts.items()}
    return {**found, "predictions": "_fc"}


def _normalized(x: Symbol, layer: Callable[..., Any], name: str, norm: str, activation: str | None) -> Symbol:
    x = layer(padding="same", use_bias=False, name=name)(x)
    x = BatchNormalization(name=norm)(x)
    return x if activation is None else ReLU(6.0, name=activation)(x)


def _conv(filters: int, kernel: int = 1, stride: int = 1) -> Callable[..., Any]:
    def make(**options: Any) -> Conv2D:
        return Conv2D(filters, kernel, strides=stride, kernel_initializer="he_normal", **options)

    return make


def _depthwise(kernel: int, stride: int) -> Callable[..., Any]:
    def make(**options: Any) -> DepthwiseConv2D:
        return DepthwiseConv2D(kernel, strides=stride, depthwise_initializer="he_normal", **options)

    return make


def _block(x: Symbol, stage: _Stage, filters: int, stride: int, name: str) -> Symbol:
    """Return an inverted residual: widened, convolved map by map, narrowed, and added to what came in if it fits."""
    before, channels = x, x.sample_shape[-1]
    if stage.expansion != 1:
        wide = _conv(channels * stage.expansion)
        x = _normalized(x, wide, f"{name}_expand_conv", f"{name}_expand_bn", f"{name}_expand_activation")
    x = _normalized(x, _depthwise(stage.kernel, stride), f"{name}_dwconv", f"{name}_bn", f"{name}_activation")
    x = _normalized(x, _conv(filters), f"{name}_project_conv", f"{name}_project_bn", None)
    return Add(name=f"{name}_add")([x, before]) if stride == 1 and filters == channels else x


def _features(x: Symbol, lite: Lite) -> Symbol:
    x = Rescaling(1 / 128, -127 / 128, name="rescaling")(x)
    x = _normalized(x, _conv(_FIRST, 3, 2), "stem_conv", "stem_bn", "stem_activation")
    names = iter(block_names(lite)[1:])
    for number, stage in enumerate(_STAGES):
        for block in range(lite.blocks(number)):
            x = _block(x, stage, lite.filters(stage.filters), 1 if block else stage.stride, next(names))
    return _normalized(x, _conv(_LAST), "top_conv", "top_bn", "top_activation")


def build(lite: Lite, **options: Any) -> Model:
    """Return one of the family; `EfficientNetLite0` says what the arguments mean."""
    arguments = checked(lite.function, size=lite.size, **options)
    source = source_of(arguments, lite.name)
    with source.building():
        begin = arguments.begin()
        model = arguments.model(begin, arguments.end(_features(begin, lite), lite.dropout), lite.function.lower())
    source.fill(model, names_in_pytorch(lite))
    return model


def EfficientNetLite0(  # noqa: N802 - as Keras calls its networks
    include_top: bool = True,
    weights: Any = IMAGENET,
    input_tensor: Symbol | None = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Return EfficientNet-Lite0: 4.7 million weights, 407 million multiply-adds for an image of 224×224 pixels.

    Parameters
    ----------
    include_top : bool
        Whether the classifier is part of it.
    weights : {"imagenet", None} or path
        Trained on ImageNet, drawn at random, or from a file: one that `save_weights` wrote, or one of PyTorch with the
        names of ``efficientnet_lite_pytorch``.
    input_tensor : Symbol, optional
        What goes in, in place of an input of the network's own.
    input_shape : tuple of int, optional
        Height, width and channels. Left out it is (224, 224, 3) with the classifier, and images of any size without.
    pooling : {"avg", "max"}, optional
        Without the classifier: how each feature map becomes one value. Left out, the feature maps come out.
    classes : int
        With the classifier, and other weights than ImageNet's: how many classes there are.
    classifier_activation : str or None
        None returns scores before the softmax.
    name : str, optional
        The model's name; ``"efficientnetlite0"`` if left out.

    Returns
    -------
    Model
        It takes values from 0 to 255.

    Raises
    ------
    ConfigurationError, ShapeError
        The arguments do not fit each other, or a file's weights do not fit the network.
    MissingFileError
        The ImageNet weights are not installed; the message says how to install them.
    FileFormatError
        A file of weights is damaged, or has more in it than tensors.

    Examples
    --------
    >>> EfficientNetLite0(include_top=False, weights=None, pooling="avg").output_shape
    (None, 1280)
    """
    return build(
        LITE["efficientnet-lite0"],
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
    )


def EfficientNetLite1(  # noqa: N802 - as Keras calls its networks
    include_top: bool = True,
    weights: Any = IMAGENET,
    input_tensor: Symbol | None = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Return EfficientNet-Lite1, for images of 240×240 pixels; see `EfficientNetLite0`."""
    return build(
        LITE["efficientnet-lite1"],
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
    )


def EfficientNetLite2(  # noqa: N802 - as Keras calls its networks
    include_top: bool = True,
    weights: Any = IMAGENET,
    input_tensor: Symbol | None = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Return EfficientNet-Lite2, for images of 260×260 pixels; see `EfficientNetLite0`."""
    return build(
        LITE["efficientnet-lite2"],
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
    )


def EfficientNetLite3(  # noqa: N802 - as Keras calls its networks
    include_top: bool = True,
    weights: Any = IMAGENET,
    input_tensor: Symbol | None = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Return EfficientNet-Lite3, for images of 280×280 pixels; see `EfficientNetLite0`."""
    return build(
        LITE["efficientnet-lite3"],
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
    )


def EfficientNetLite4(  # noqa: N802 - as Keras calls its networks
    include_top: bool = True,
    weights: Any = IMAGENET,
    input_tensor: Symbol | None = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Return EfficientNet-Lite4, for images of 300×300 pixels; see `EfficientNetLite0`."""
    return build(
        LITE["efficientnet-lite4"],
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
    )
