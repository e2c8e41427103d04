"""ResNet18, 34 and 50: residual networks.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2015). ResNet50 is Keras', with its names of
layers, order and layout of weights. Weights from a file of torchvision make it torchvision's, which reduces the size in
the 3×3 convolution of a block instead of the first one ("v1.5"), and has no biases. ResNet18 and 34 are torchvision's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convoscope.applications.arguments import checked
from convoscope.applications.functions import NetworkFunction, network_function
from convoscope.applications.imagenet_utils import decode_predictions as decode_predictions
from convoscope.applications.preparing import MODES, preprocessing
from convoscope.applications.published import PUBLISHED
from convoscope.applications.weights import source_of
from convoscope.layers import Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, ZeroPadding2D
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

preprocess_input = preprocessing(
    MODES["caffe"],
    "Put blue first and subtract the means of ImageNet's channels, as Keras' ResNet50 expects. ResNet18 and 34 "
    'expect mode ``"torch"``.',
)
SIZE = 224
_FILTERS = (64, 128, 256, 512)
_WIDER = 4  # how many times more filters the last convolution of a bottleneck has


@dataclass(frozen=True)
class ResNet:
    """A network of the family: how many blocks each of its four stages has, and whether they are bottlenecks.

    Examples
    --------
    >>> RESNETS["resnet50"].counts, RESNETS["resnet50"].bottleneck
    ((3, 4, 6, 3), True)
    """

    function: str
    counts: tuple[int, int, int, int]
    bottleneck: bool

    @property
    def name(self) -> str:
        """The model's name."""
        return self.function.lower()

    @property
    def block_names(self) -> tuple[str, ...]:
        """What the names of layers begin with, block by block, from the input on."""
        blocks = [f"conv{n + 2}_block{m + 1}" for n, count in enumerate(self.counts) for m in range(count)]
        return ("conv1", "pool1", *blocks)

    @property
    def names_in_torchvision(self) -> dict[str, str]:
        """What each layer with weights is called in torchvision's files."""
        found = {"conv1_conv": "conv1", "conv1_bn": "bn1", "predictions": "fc"}
        for stage, count in enumerate(self.counts):
            for block in range(count):
                ours, theirs = f"conv{stage + 2}_block{block + 1}", f"layer{stage + 1}.{block}"
                for number in range(1, 4 if self.bottleneck else 3):
                    found[f"{ours}_{number}_conv"] = f"{theirs}.conv{number}"
                    found[f"{ours}_{number}_bn"] = f"{theirs}.bn{number}"
                if block == 0 and (stage or self.bottleneck):
                    found |= {f"{ours}_0_conv": f"{theirs}.downsample.0", f"{ours}_0_bn": f"{theirs}.downsample.1"}
        return found


@dataclass(frozen=True)
class _Style:
    """What Keras and torchvision do in different ways."""

    use_bias: bool
    epsilon: float
    first_shrinks: bool

    def normalized(self, x: Symbol, filters: int, kernel: int, stride: int, name: str, *, relu: bool = True) -> Symbol:
        """Return a convolution and its normalization."""
        padding = "same" if stride == 1 else "valid"
        if kernel > 1 and stride > 1:
            x = ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
        x = Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=self.use_bias, name=f"{name}_conv")(x)
        x = BatchNormalization(epsilon=self.epsilon, name=f"{name}_bn")(x)
        return Activation("relu", name=f"{name}_relu")(x) if relu else x


_KERAS = _Style(True, 1.001e-5, True)
_TORCHVISION = _Style(False, 1e-5, False)

RESNETS = {
    resnet.name: resnet
    for resnet in (
        ResNet("ResNet18", (2, 2, 2, 2), False),
        ResNet("ResNet34", (3, 4, 6, 3), False),
        ResNet("ResNet50", (3, 4, 6, 3), True),
    )
}


def _bottleneck(x: Symbol, filters: int, stride: int, style: _Style, name: str, project: bool) -> Symbol:
    shortcut = x
    if project:
        shortcut = style.normalized(x, _WIDER * filters, 1, stride, f"{name}_0", relu=False)
    first, second = (stride, 1) if style.first_shrinks else (1, stride)
    x = style.normalized(x, filters, 1, first, f"{name}_1")
    x = style.normalized(x, filters, 3, second, f"{name}_2")
    x = style.normalized(x, _WIDER * filters, 1, 1, f"{name}_3", relu=False)
    return Activation("relu", name=f"{name}_out")(Add(name=f"{name}_add")([shortcut, x]))  # type: ignore[no-any-return]


def _basic(x: Symbol, filters: int, stride: int, style: _Style, name: str, project: bool) -> Symbol:
    shortcut = style.normalized(x, filters, 1, stride, f"{name}_0", relu=False) if project else x
    x = style.normalized(x, filters, 3, stride, f"{name}_1")
    x = style.normalized(x, filters, 3, 1, f"{name}_2", relu=False)
    return Activation("relu", name=f"{name}_out")(Add(name=f"{name}_add")([shortcut, x]))  # type: ignore[no-any-return]


def _features(x: Symbol, resnet: ResNet, style: _Style) -> Symbol:
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    x = Conv2D(64, 7, strides=2, use_bias=style.use_bias, name="conv1_conv")(x)
    x = BatchNormalization(epsilon=style.epsilon, name="conv1_bn")(x)
    x = Activation("relu", name="conv1_relu")(x)
    x = ZeroPadding2D(1, name="pool1_pad")(x)  # zeros are no more than what a ReLU makes
    x = MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    block = _bottleneck if resnet.bottleneck else _basic
    for stage, (filters, count) in enumerate(zip(_FILTERS, resnet.counts, strict=True)):
        for number in range(count):
            begins = number == 0
            stride = 2 if begins and stage else 1
            project = begins and (stage > 0 or resnet.bottleneck)
            x = block(x, filters, stride, style, f"conv{stage + 2}_block{number + 1}", project)
    return x


def build(resnet: ResNet, **options: Any) -> Model:
    """Return a network of the family; for the arguments see `convoscope.applications.ResNet18`.

    Examples
    --------
    >>> build(RESNETS["resnet18"], include_top=False, weights=None, input_shape=(64, 64, 3)).output_shape
    (None, 2, 2, 512)
    """
    arguments = checked(resnet.function, size=SIZE, **options)
    source = source_of(arguments, PUBLISHED[resnet.name])
    style = _KERAS if resnet.bottleneck and not source.is_pytorchs else _TORCHVISION
    with source.building():
        begin = arguments.begin()
        model = arguments.model(begin, arguments.end(_features(begin, resnet, style)), resnet.name)
    source.fill(model, resnet.names_in_torchvision)
    return model


def _function(resnet: ResNet) -> NetworkFunction:
    mode = "torch" if not resnet.bottleneck else "caffe"
    summary = (
        f"Return {resnet.function}, for images of {SIZE}×{SIZE} pixels that `preprocess_input` has prepared (mode "
        f"{mode!r}{'; with weights from a file of torchvision, torch' if resnet.bottleneck else ''})."
    )
    return network_function(resnet.function, lambda **options: build(resnet, **options), summary)


ResNet18, ResNet34, ResNet50 = map(_function, RESNETS.values())
