"""Networks that people know, with branches: for 32×32 to 224×224 pixels."""

from __future__ import annotations

from benchmarks.networks import (
    BatchNorm,
    Conv,
    Dense,
    Depthwise,
    GlobalAverage,
    Join,
    Layer,
    Maps,
    Network,
    Pool,
    Relu,
    Shape,
    Transposed,
)

RELU, RELU6 = Relu(), Relu(6.0)


def _normalized(layer: Layer, *after: Layer) -> tuple[Layer, ...]:
    return (layer, BatchNorm(), *after)


def _conv(filters: int, kernel: int = 3, stride: int = 1) -> Conv:
    """Return a convolution for a normalization to follow."""
    return Conv(filters, kernel, stride, "same", None, bias=False)


# ---- ResNet-20 (He et al. 2015, for CIFAR-10), with 1×1 convolutions where the shape changes


def _basic_block(filters: int, stride: int, project: bool) -> tuple[Layer, ...]:
    main = (*_normalized(_conv(filters, 3, stride), RELU), *_normalized(_conv(filters)))
    shortcut = _normalized(_conv(filters, 1, stride)) if project else ()
    return Join("add", (main, shortcut)), RELU


def _resnet20() -> tuple[Layer, ...]:
    layers = _normalized(_conv(16), RELU)
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            changes = stage > 0 and block == 0
            layers += _basic_block(filters, 2 if changes else 1, changes)
    return (*layers, GlobalAverage(), Dense(10, "softmax"))


_Stages = tuple[tuple[int, int, int, int, int], ...]

# ---- MobileNetV2 (Sandler et al. 2018) and EfficientNet-Lite0 (2020): inverted residuals, ReLU6


def _inverted_residual(before: int, filters: int, expansion: int, kernel: int, stride: int) -> tuple[Layer, ...]:
    wide = _normalized(_conv(before * expansion, 1), RELU6) if expansion > 1 else ()
    block = (*wide, *_normalized(Depthwise(kernel, stride), RELU6), *_normalized(_conv(filters, 1)))
    return (Join("add", (block, ())),) if stride == 1 and before == filters else block


def _stages(before: int, stages: _Stages) -> tuple[Layer, ...]:
    """Return inverted residuals; of each stage: expansion, filters, how many, the first one's stride, kernel."""
    layers: tuple[Layer, ...] = ()
    for expansion, filters, count, stride, kernel in stages:
        for block in range(count):
            layers += _inverted_residual(before, filters, expansion, kernel, 1 if block else stride)
            before = filters
    return layers


def _mobile(stem: int, stages: _Stages, classes: int) -> tuple[Layer, ...]:
    head = (*_normalized(_conv(1280, 1), RELU6), GlobalAverage(), Dense(classes, "softmax"))
    return (*_normalized(_conv(stem, 3, 2), RELU6), *_stages(stem, stages), *head)


_MOBILENET_V2: _Stages = (
    (1, 8, 1, 1, 3),
    (6, 8, 2, 2, 3),
    (6, 16, 3, 2, 3),
    (6, 24, 4, 2, 3),
    (6, 32, 3, 1, 3),
    (6, 56, 3, 2, 3),
    (6, 112, 1, 1, 3),
)
_LITE0: _Stages = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


# ---- blocks


def _inception(one: int, three: tuple[int, int], five: tuple[int, int], pooled: int) -> Join:
    """Return a block of GoogLeNet (Szegedy et al. 2014)."""

    def conv(filters: int, kernel: int = 1) -> Conv:
        return Conv(filters, kernel, padding="same")

    pool = Pool(3, stride=1, padding="same")
    threes, fives = (conv(three[0]), conv(three[1], 3)), (conv(five[0]), conv(five[1], 5))
    return Join("concatenate", ((conv(one),), threes, fives, (pool, conv(pooled))))


def _squeeze_and_excite(filters: int, ratio: int = 16) -> Join:
    """Return what weighs feature maps by what is in all of them (Hu et al. 2017)."""
    gates = (GlobalAverage(), Dense(filters // ratio), Dense(filters, "sigmoid"), Maps())
    return Join("multiply", ((), gates))


def _unet(filters: tuple[int, ...]) -> tuple[Layer, ...]:
    """Return a U (Ronneberger et al. 2015): two convolutions, and beside them a smaller U, if any."""
    first, *rest = filters
    convolutions: tuple[Layer, ...] = (Conv(first, padding="same"), Conv(first, padding="same"))
    if not rest:
        return convolutions
    below = (Pool(), *_unet(tuple(rest)), Transposed(first))
    return (*convolutions, Join("concatenate", ((), below)), *convolutions)


def _network(name: str, shape: Shape, *layers: Layer) -> Network:
    return Network(name, shape, layers)


def _headed(name: str, shape: Shape, *layers: Layer) -> Network:
    return Network(name, shape, (*layers, GlobalAverage(), Dense(10, "softmax")))


RESNET_20 = _network("ResNet-20 32×32×3", (32, 32, 3), *_resnet20())
MOBILENET_V2 = _network("MobileNetV2 0.35 96×96×3", (96, 96, 3), *_mobile(16, _MOBILENET_V2, 10))
INCEPTION = _headed(
    "Inception block 28×28×3",
    (28, 28, 3),
    Conv(192, padding="same"),
    _inception(64, (96, 128), (16, 32), 32),
)
SQUEEZE_AND_EXCITE = _headed(
    "residual block with squeeze-and-excite 28×28×3",
    (28, 28, 3),
    *_normalized(_conv(64), RELU),
    Join("add", ((*_normalized(_conv(64), RELU), *_normalized(_conv(64)), _squeeze_and_excite(64)), ())),
    RELU,
)
UNET = _network("U-Net 64×64×3", (64, 64, 3), *_unet((16, 32, 64, 128)), Conv(3, 1, activation="softmax"))
EFFICIENTNET_LITE0 = _network("EfficientNet-Lite0 224×224×3", (224, 224, 3), *_mobile(32, _LITE0, 1000))

KNOWN = (RESNET_20, MOBILENET_V2, INCEPTION, SQUEEZE_AND_EXCITE, UNET, EFFICIENTNET_LITE0)
