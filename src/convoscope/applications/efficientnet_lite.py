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

from convoscope.applications.arguments import checked
from convoscope.applications.functions import NetworkFunction, network_function
from convoscope.applications.imagenet_utils import decode_predictions as decode_predictions
from convoscope.applications.preparing import INSIDE, middle_of_photos, preprocessing
from convoscope.applications.published import PUBLISHED
from convoscope.applications.weights import source_of
from convoscope.layers import Add, BatchNormalization, Conv2D, DepthwiseConv2D, ReLU, Rescaling
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

preprocess_input = preprocessing(
    INSIDE, "Return the images unchanged: an EfficientNet-Lite takes values from 0 to 255."
)
_FIRST, _LAST = 32, 1280  # filters of stem and top, which are not scaled
_DIVISOR = 8
MARGIN = 16  # pixels around an image


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
    """A network of the family: how much wider and deeper than Lite0 it is, and the size of its images.

    Examples
    --------
    >>> lite = LITE["efficientnet-lite4"]
    >>> lite.width, lite.depth, lite.size
    (1.4, 1.8, 300)
    """

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
        """Return a stage's number of filters: a multiple of 8, and not more than a tenth below the exact one.

        Examples
        --------
        >>> LITE["efficientnet-lite4"].filters(32)  # 1.4 times as many, as a multiple of 8
        48
        """
        exact = count * self.width
        rounded = max(_DIVISOR, int(exact + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
        return rounded + _DIVISOR if rounded < 0.9 * exact else rounded

    def blocks(self, stage: int) -> int:
        """Return how many blocks a stage has; the first and the last keep theirs.

        Examples
        --------
        >>> LITE["efficientnet-lite4"].blocks(2)  # 1.8 times as many, rounded up
        4
        """
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
    """Return the prefixes of layers' names, block by block, starting at the input.

    Examples
    --------
    >>> block_names(LITE["efficientnet-lite0"])[:4]
    ('stem', 'block1a', 'block2a', 'block2b')
    """
    blocks = [f"block{n + 1}{chr(97 + m)}" for n in range(len(_STAGES)) for m in range(lite.blocks(n))]
    return ("stem", *blocks, "top")


def names_in_pytorch(lite: Lite) -> dict[str, str]:
    """Return what each layer with weights is called in the files of ``efficientnet_lite_pytorch``.

    Examples
    --------
    >>> names_in_pytorch(LITE["efficientnet-lite0"])["stem_conv"]
    '_conv_stem'
    """
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
        if _STAGES[int(block[5]) - 1].expansion == 1:
            del parts["expand_conv"], parts["expand_bn"]
        found |= {f"{block}_{own}": f"_blocks.{number}.{theirs}" for own, theirs in parts.items()}
    return {**found, "predictions": "_fc"}


def names_in_timm(lite: Lite) -> dict[str, str]:
    """Return what each layer with weights is called in the files of ``timm`` (``tf_efficientnet_lite0``).

    Examples
    --------
    >>> names_in_timm(LITE["efficientnet-lite0"])["stem_conv"]
    'conv_stem'
    """
    found = {"stem_conv": "conv_stem", "stem_bn": "bn1", "top_conv": "conv_head", "top_bn": "bn2"}
    narrow = {"dwconv": "conv_dw", "bn": "bn1", "project_conv": "conv_pw", "project_bn": "bn2"}
    wide = {
        "expand_conv": "conv_pw",
        "expand_bn": "bn1",
        "dwconv": "conv_dw",
        "bn": "bn2",
        "project_conv": "conv_pwl",
        "project_bn": "bn3",
    }
    for block in block_names(lite)[1:-1]:
        stage, number = int(block[5]) - 1, ord(block[6]) - 97
        parts = narrow if _STAGES[stage].expansion == 1 else wide
        found |= {f"{block}_{own}": f"blocks.{stage}.{number}.{theirs}" for own, theirs in parts.items()}
    return {**found, "predictions": "classifier"}


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
    """Return a network of the family; for the arguments see `convoscope.applications.EfficientNetLite0`.

    Examples
    --------
    >>> build(LITE["efficientnet-lite0"], include_top=False, weights=None, input_shape=(96, 96, 3)).output_shape
    (None, 3, 3, 1280)
    """
    arguments = checked(lite.function, size=lite.size, **options)
    source = source_of(arguments, PUBLISHED[lite.name])
    with source.building():
        begin = arguments.begin()
        model = arguments.model(begin, arguments.end(_features(begin, lite), lite.dropout), lite.function.lower())
    source.fill(model, names_in_pytorch(lite), names_in_timm(lite))
    if arguments.knows_imagenet:
        model.preprocessing = preprocessing_of(lite)
    return model


def preprocessing_of(lite: Lite) -> dict[str, Any]:
    """Return how photos were prepared for the test on ImageNet: the centre crop, without a margin of 16 pixels.

    Examples
    --------
    >>> preparation = preprocessing_of(LITE["efficientnet-lite0"])
    >>> preparation["fit"], preparation["resize"], preparation["height"], preparation["width"]
    ('crop', 256, 224, 224)
    """
    return middle_of_photos(lite.size, lite.size + 2 * MARGIN, "bicubic")


def _function(lite: Lite, more: str = "") -> NetworkFunction:
    summary = (
        f"Return EfficientNet-Lite{lite.name[-1]}, for images of {lite.size}×{lite.size} pixels with values from 0 to "
        f"255.{more}"
    )
    return network_function(lite.function, lambda **options: build(lite, **options), summary)


_ONE, *_MORE = LITE.values()
EfficientNetLite0 = _function(_ONE, " It has 4.7 million weights and takes 407 million multiply-adds for an image.")
EfficientNetLite1, EfficientNetLite2, EfficientNetLite3, EfficientNetLite4 = map(_function, _MORE)
