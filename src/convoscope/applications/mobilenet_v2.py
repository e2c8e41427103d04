"""MobileNetV2, with Keras' names of layers.

Sandler and others, "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018). Weights from a file of torchvision
make it torchvision's, which pads images evenly where their size halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.applications.arguments import IMAGENET, checked
from convoscope.applications.imagenet_utils import decode_predictions as decode_predictions
from convoscope.applications.preparing import MODES, preprocessing
from convoscope.applications.published import keras_mobilenet_v2
from convoscope.applications.weights import source_of
from convoscope.checks import real
from convoscope.errors import ConfigurationError
from convoscope.layers import Add, BatchNormalization, Conv2D, DepthwiseConv2D, ReLU, ZeroPadding2D
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

preprocess_input = preprocessing(MODES["tf"], "Scale values from 0..255 to -1..1, as for Keras' MobileNetV2.")
SIZE = 224
_TRAINED_SIZES = (96, 128, 160, 192, 224)
_TRAINED_ALPHAS = (0.35, 0.50, 0.75, 1.0, 1.3, 1.4)
_LAST = 1280
#: Of each stage: how much wider its blocks are within, filters, how many, the stride of the first one.
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_COUNT = sum(count for _, _, count, _ in _STAGES)
BLOCK_NAMES = ("Conv1", "bn_Conv1", "expanded_conv", *(f"block_{n}" for n in range(1, _COUNT)), "Conv_1", "out")


def names_in_torchvision() -> dict[str, str]:
    """Return what each layer with weights is called in torchvision's files.

    Examples
    --------
    >>> names_in_torchvision()["Conv1"]
    'features.0.0'
    """
    last = f"features.{_COUNT + 1}"
    found = {"Conv1": "features.0.0", "bn_Conv1": "features.0.1", "Conv_1": f"{last}.0", "Conv_1_bn": f"{last}.1"}
    for number in range(_COUNT):
        ours, theirs = f"block_{number}" if number else "expanded_conv", f"features.{number + 1}.conv"
        if number:
            found |= {f"{ours}_expand": f"{theirs}.0.0", f"{ours}_expand_BN": f"{theirs}.0.1"}
        at = int(number > 0)
        found |= {f"{ours}_depthwise": f"{theirs}.{at}.0", f"{ours}_depthwise_BN": f"{theirs}.{at}.1"}
        found |= {f"{ours}_project": f"{theirs}.{at + 1}", f"{ours}_project_BN": f"{theirs}.{at + 2}"}
    return {**found, "predictions": "classifier.1"}


def _rounded(filters: float) -> int:
    """Return a multiple of 8, and not more than a tenth below."""
    found = max(8, int(filters + 4) // 8 * 8)
    return found + 8 if found < 0.9 * filters else found


@dataclass(frozen=True)
class _Style:
    """What Keras and torchvision do in different ways."""

    epsilon: float
    momentum: float
    even: bool  # whether as much is padded before an image as behind it

    def normalized(self, x: Symbol, name: str) -> Symbol:
        return BatchNormalization(epsilon=self.epsilon, momentum=self.momentum, name=name)(x)  # type: ignore[no-any-return]

    def padded(self, x: Symbol, name: str) -> Symbol:
        """Return the image for 3×3 windows at every second pixel."""
        rows, columns = (1 if self.even else (length or 0) % 2 for length in x.shape[1:3])
        return ZeroPadding2D(((rows, 1), (columns, 1)), name=f"{name}_pad")(x)  # type: ignore[no-any-return]


_KERAS = _Style(1e-3, 0.999, False)
_TORCHVISION = _Style(1e-5, 0.9, True)


def _block(x: Symbol, filters: int, stride: int, expansion: int, style: _Style, name: str) -> Symbol:
    before, channels = x, x.sample_shape[-1]
    if expansion > 1:
        x = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{name}_expand")(x)
        x = ReLU(6.0, name=f"{name}_expand_relu")(style.normalized(x, f"{name}_expand_BN"))
    if stride == 2:
        x = style.padded(x, name)
    padding = "same" if stride == 1 else "valid"
    x = DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False, name=f"{name}_depthwise")(x)
    x = ReLU(6.0, name=f"{name}_depthwise_relu")(style.normalized(x, f"{name}_depthwise_BN"))
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(x)
    x = style.normalized(x, f"{name}_project_BN")
    return Add(name=f"{name}_add")([before, x]) if stride == 1 and filters == channels else x


def _features(x: Symbol, alpha: float, style: _Style) -> Symbol:
    if style.even:
        x = style.padded(x, "Conv1")
    padding = "valid" if style.even else "same"
    x = Conv2D(_rounded(32 * alpha), 3, strides=2, padding=padding, use_bias=False, name="Conv1")(x)
    x = ReLU(6.0, name="Conv1_relu")(style.normalized(x, "bn_Conv1"))
    number = 0
    for expansion, filters, count, stride in _STAGES:
        for block in range(count):
            name = f"block_{number}" if number else "expanded_conv"
            x = _block(x, _rounded(int(filters * alpha)), 1 if block else stride, expansion, style, name)
            number += 1
    x = Conv2D(_rounded(_LAST * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
    return ReLU(6.0, name="out_relu")(style.normalized(x, "Conv_1_bn"))  # type: ignore[no-any-return]


def MobileNetV2(  # noqa: N802 - Keras' name
    input_shape: tuple[int | None, ...] | None = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = IMAGENET,
    input_tensor: Symbol | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Return MobileNetV2, for images that `preprocess_input` has prepared: to values from -1 to 1.

    With weights from a torchvision file, images are prepared as torchvision's networks expect (mode ``"torch"``).

    Parameters
    ----------
    input_shape : tuple of int, optional
        Height, width and channels. With ImageNet's weights and the classifier, a square of 96, 128, 160, 192 or 224.
    alpha : float
        How much wider the network is than MobileNetV2 1.0. There are weights for 0.35, 0.5, 0.75, 1, 1.3 and 1.4.
    include_top, weights, input_tensor, pooling, classes, classifier_activation, name
        See `convoscope.applications.EfficientNetLite0`.

    Returns
    -------
    Model

    Raises
    ------
    ConfigurationError, ShapeError, MissingFileError, DownloadError, FileFormatError
        As `convoscope.applications.EfficientNetLite0` does.

    Examples
    --------
    >>> MobileNetV2((96, 96, 3), alpha=0.35, include_top=False, weights=None).output_shape
    (None, 3, 3, 1280)
    """
    width = real(alpha, "alpha", "MobileNetV2")
    if width <= 0:
        raise ConfigurationError(f"MobileNetV2: alpha must be above 0, but is {alpha!r}.")
    if weights == IMAGENET and width not in _TRAINED_ALPHAS:
        raise ConfigurationError(
            f"MobileNetV2: there are ImageNet weights for alpha {', '.join(map(str, _TRAINED_ALPHAS))}, but it is "
            f"{alpha!r}."
        )
    shape = input_shape if input_shape is not None or input_tensor is None else input_tensor.shape[1:]
    square = shape is not None and len(shape) == 3 and shape[0] == shape[1] and shape[0] in _TRAINED_SIZES
    size = int(shape[0] or SIZE) if shape is not None and square else SIZE
    arguments = checked(
        "MobileNetV2",
        size=size,
        name=name,
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
    )
    source = source_of(arguments, keras_mobilenet_v2(width, size))
    style = _TORCHVISION if source.is_pytorchs else _KERAS
    with source.building():
        begin = arguments.begin()
        end = arguments.end(_features(begin, width, style))
        model = arguments.model(begin, end, f"mobilenetv2_{width:0.2f}_{arguments.shape[0] or SIZE}")
    source.fill(model, names_in_torchvision())
    return model
