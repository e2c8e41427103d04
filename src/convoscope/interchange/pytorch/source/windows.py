"""Layers that pass a window over an image, in PyTorch: convolutions and poolings, and what makes images larger."""

from __future__ import annotations

from typing import Any

from convoscope import layers as cl
from convoscope.errors import ConfigurationError
from convoscope.interchange.pytorch.source.layout import from_keras, to_keras
from convoscope.interchange.pytorch.source.meaning import expression, with_activation
from convoscope.interchange.pytorch.source.piece import Piece
from convoscope.layers.depthwise import Depthwise
from convoscope.layers.geometry import transposed_pad_amounts
from convoscope.layers.pooling import Pooling2D
from convoscope.types import Pair


def _pair(value: Pair) -> str:
    """Return (3, 3) as 3 and (3, 2) as it is, as one writes them."""
    return str(value[0]) if value[0] == value[1] else str(tuple(value))


def _arguments(layer: Any, *, padding: bool) -> str:
    """Return the arguments of a convolution that are not PyTorch's defaults, a comma before each."""
    found = ""
    if tuple(layer.strides) != (1, 1):
        found += f", stride={_pair(layer.strides)}"
    if padding and layer.padding == "same" and _window(layer) != (1, 1):
        found += ', padding="same"'
    if tuple(layer.dilation_rate) != (1, 1):
        found += f", dilation={_pair(layer.dilation_rate)}"
    return found


def _window(layer: Any) -> Pair:
    return (layer.kernel_size[0], layer.kernel_size[1])


def _needs_padding(layer: Any) -> bool:
    """Return whether PyTorch has no padding of its own for it: with strides, Keras' may be uneven."""
    return layer.padding == "same" and tuple(layer.strides) != (1, 1) and _window(layer) != (1, 1)


def _padded(layer: Any, piece: Piece, x: str) -> str:
    if not _needs_padding(layer):
        return x
    more = "" if tuple(layer.dilation_rate) == (1, 1) else f", {tuple(layer.dilation_rate)}"
    return f"{piece.helper('pad_same')}({x}, {_window(layer)}, {tuple(layer.strides)}{more})"


def _bias(used: bool) -> str:
    return "" if used else ", bias=False"


@expression.register
def _convolution(layer: cl.Conv2D, piece: Piece, x: str) -> str:
    kernel = piece.weight("kernel")  # (kh, kw, C / groups, F)
    assert kernel is not None
    groups = "" if layer.groups == 1 else f", groups={layer.groups}"
    arguments = _arguments(layer, padding=not _needs_padding(layer)) + groups + _bias(layer.use_bias)
    module = piece.module(
        f"nn.Conv2d({piece.shape[2]}, {layer.filters}, {_pair(layer.kernel_size)}{arguments})",
        weight=kernel.transpose(3, 2, 0, 1),
        bias=piece.weight("bias"),
    )
    return with_activation(layer, piece, f"{module}({_padded(layer, piece, x)})")


def _depthwise(layer: Depthwise, piece: Piece, x: str, name: str, ending: str, *, use_bias: bool) -> str:
    kernel = piece.weight(name)  # (kh, kw, C, multiplier)
    assert kernel is not None
    channels = piece.shape[2]
    made = channels * layer.depth_multiplier
    arguments = _arguments(layer, padding=not _needs_padding(layer)) + f", groups={channels}" + _bias(use_bias)
    module = piece.module(
        f"nn.Conv2d({channels}, {made}, {_pair(layer.kernel_size)}{arguments})",
        ending,
        weight=kernel.transpose(2, 3, 0, 1).reshape(made, 1, *layer.kernel_size),
        bias=piece.weight("bias") if use_bias else None,
    )
    return f"{module}({_padded(layer, piece, x)})"


@expression.register
def _depthwise_convolution(layer: cl.DepthwiseConv2D, piece: Piece, x: str) -> str:
    return with_activation(layer, piece, _depthwise(layer, piece, x, "kernel", "", use_bias=layer.use_bias))


@expression.register
def _separable_convolution(layer: cl.SeparableConv2D, piece: Piece, x: str) -> str:
    between = _depthwise(layer, piece, x, "depthwise_kernel", "_depthwise", use_bias=False)
    kernel = piece.weight("pointwise_kernel")  # (1, 1, between, F)
    assert kernel is not None
    module = piece.module(
        f"nn.Conv2d({kernel.shape[2]}, {layer.filters}, 1{_bias(layer.use_bias)})",
        "_pointwise",
        weight=kernel.transpose(3, 2, 0, 1),
        bias=piece.weight("bias"),
    )
    return with_activation(layer, piece, f"{module}({between})")


@expression.register
def _transposed(layer: cl.Conv2DTranspose, piece: Piece, x: str) -> str:
    kernel = piece.weight("kernel")  # (kh, kw, F, C)
    assert kernel is not None
    sides = [
        transposed_pad_amounts(n, window, stride, layer.padding, made)
        for n, window, stride, made in zip(piece.shape[:2], layer.window, layer.strides, piece.made[:2], strict=True)
    ]
    # PyTorch paints all of (n - 1) × stride + window; what Keras has more is at the end, and the bias's alone.
    painted = [(n - 1) * s + w for n, s, w in zip(piece.shape[:2], layer.strides, layer.window, strict=True)]
    more = [max(0, low + made - whole) for (low, _), made, whole in zip(sides, piece.made[:2], painted, strict=True)]
    arguments = _arguments(layer, padding=False)
    if any(more):
        arguments += f", output_padding={_pair((more[0], more[1]))}"
    module = piece.module(
        f"nn.ConvTranspose2d({piece.shape[2]}, {layer.filters}, {_pair(layer.kernel_size)}{arguments}"
        f"{_bias(layer.use_bias)})",
        weight=kernel.transpose(3, 2, 0, 1),
        bias=piece.weight("bias"),
    )
    value = f"{module}({x})"
    if any(low or whole > made for (low, _), made, whole in zip(sides, piece.made[:2], painted, strict=True)):
        cut = ", ".join(f"{low}:{low + made}" for (low, _), made in zip(sides, piece.made[:2], strict=True))
        value = f"{value}[:, :, {cut}]"
    return with_activation(layer, piece, value)


@expression.register
def _upsampling(layer: cl.UpSampling2D, piece: Piece, x: str) -> str:
    factor = f"({float(layer.size[0])}, {float(layer.size[1])})"
    if layer.interpolation == "bilinear":
        return f'F.interpolate({x}, scale_factor={factor}, mode="bilinear", align_corners=False)'
    return f'F.interpolate({x}, scale_factor={factor}, mode="nearest")'


@expression.register
def _dense(layer: cl.Dense, piece: Piece, x: str) -> str:
    kernel = piece.weight("kernel")  # (in, units)
    assert kernel is not None
    module = piece.module(
        f"nn.Linear({kernel.shape[0]}, {layer.units}{_bias(layer.use_bias)})",
        weight=kernel.T,
        bias=piece.weight("bias"),
    )
    return with_activation(layer, piece, from_keras(f"{module}({to_keras(x, piece.shape)})", piece.made))


# ---- poolings


@expression.register
def _pooling(layer: Pooling2D, piece: Piece, x: str) -> str:
    size, strides = (layer.pool_size[0], layer.pool_size[1]), (layer.strides[0], layer.strides[1])
    same = layer.padding == "same"
    if layer.mode == "average":
        if same:
            return f"{piece.helper('average_pool_same')}({x}, {size}, {strides})"
        return f"F.avg_pool2d({x}, {_pair(size)}, {_pair(strides)})"
    sign = "" if layer.mode == "max" else "-"
    value = f"{sign}{x}"
    if same:
        value = f'{piece.helper("pad_same")}({value}, {size}, {strides}, value=float("-inf"))'
    return f"{sign}F.max_pool2d({value}, {_pair(size)}, {_pair(strides)})"


@expression.register
def _global_average(layer: cl.GlobalAveragePooling2D, piece: Piece, x: str) -> str:
    return f"{x}.mean((2, 3){', keepdim=True' if layer.keepdims else ''})"


@expression.register
def _global_max(layer: cl.GlobalMaxPooling2D, piece: Piece, x: str) -> str:
    return f"{x}.amax((2, 3){', keepdim=True' if layer.keepdims else ''})"


# ---- other sizes


@expression.register
def _resizing(layer: cl.Resizing, piece: Piece, x: str) -> str:
    return _resized(x, piece, layer.part(piece.shape), layer.interpolation, layer.fill_value)


@expression.register
def _center_crop(layer: cl.CenterCrop, piece: Piece, x: str) -> str:
    return _resized(x, piece, layer.part(piece.shape), "bilinear", 0.0)


@expression.register
def _random_crop(layer: cl.RandomCrop, piece: Piece, x: str) -> str:
    piece.notes.append("RandomCrop cut at random in training; here it takes the middle")
    return _resized(x, piece, layer.part(piece.shape), "bilinear", 0.0)


def _resized(x: str, piece: Piece, part: tuple[Pair, Pair], interpolation: str, fill: float) -> str:
    """Return a part of an image, which may reach over its edges, brought to size."""
    (top, height), (left, width) = part
    lower, right = top + height - piece.shape[0], left + width - piece.shape[1]
    if max(-top, -left, lower, right) > 0 and max(top, left, -lower, -right) > 0:
        raise ConfigurationError(f"{piece.layer.describe()}: a part that is cut and padded cannot be written.")
    if min(top, left) < 0:
        x = f"F.pad({x}, ({-left}, {right}, {-top}, {lower}), value={fill!r})"
    elif (height, width) != piece.shape[:2]:
        x = f"{x}[:, :, {top}:{top + height}, {left}:{left + width}]"
    if (height, width) == piece.made[:2]:
        return x
    if interpolation == "nearest":
        return f'F.interpolate({x}, {piece.made[:2]}, mode="nearest-exact")'
    return f'F.interpolate({x}, {piece.made[:2]}, mode="bilinear", align_corners=False)'


@expression.register
def _zero_padding(layer: cl.ZeroPadding2D, piece: Piece, x: str) -> str:
    (top, bottom), (left, right) = layer.padding
    return f"F.pad({x}, ({left}, {right}, {top}, {bottom}))"


@expression.register
def _cropping(layer: cl.Cropping2D, piece: Piece, x: str) -> str:
    (top, _), (left, _) = layer.cropping
    return f"{x}[:, :, {top}:{top + piece.made[0]}, {left}:{left + piece.made[1]}]"
