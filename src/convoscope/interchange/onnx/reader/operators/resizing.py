"""Resize and Upsample: images at another size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convoscope.checks import LARGEST_SIZE
from convoscope.interchange.onnx.reader.context import Context, image_value, operator
from convoscope.interchange.onnx.reader.layout import Value, as_image, image
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.slices import picked
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Layer, Resizing, UpSampling2D
from convoscope.types import Pair


@operator("Resize", "Upsample")
def resize(context: Context, node: OnnxNode) -> Value:
    """The nearest pixel, or a mean of the four around, where ours takes the same."""
    value = as_image(image_value(context.value(node.input(0))))
    sizes = (value.shape[1], value.shape[2])
    made, scales = _sizes(context, node, value)
    mode = node.text("mode", "nearest")
    if (
        node.setting("antialias", 0)
        or node.setting("exclude_outside", 0)
        or mode not in ("nearest", "linear", "bilinear")
    ):
        raise UnsupportedError(f"it resizes with the mode {mode!r:.40}, smoothed or cut, and layers do not")
    if sizes == made:
        return value
    if mode == "nearest":
        return _nearest(context, node, value, made, scales)
    layer = _linear(context, node, sizes, made, scales)
    return image(context.call(layer, value.symbol), value.nonnegative)


def _sizes(context: Context, node: OnnxNode, value: Value) -> tuple[Pair, tuple[float, float]]:
    """Return the height and width that come out, and by how much they grow."""
    first = 1 if node.op == "Upsample" or node.opset < 11 else 2
    scales = node.setting("scales") if "scales" in node.settings else None
    if scales is None and node.input(first):
        scales = context.constant(node.input(first), "the scales").reshape(-1).tolist() or None
    told = context.integers(node, "sizes", 3) if first == 2 else None
    axes = node.setting("axes")
    if axes is not None:
        if sorted(each % 4 for each in axes) != [2, 3]:
            raise UnsupportedError("it resizes other axes than height and width")
        if axes[0] % 4 == 3:
            told, scales = (None if each is None else each[::-1] for each in (told, scales))
    if node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnsupportedError("it keeps the ratio of height and width by a rule that no layer has")
    if told is not None:
        told = told if axes is not None else _last_two(told, [context.batch, value.shape[0]])
        scales = [size / own for size, own in zip(told, value.shape[1:], strict=True)]
    elif scales is not None:
        scales = scales if axes is not None else _last_two(scales, [1.0, 1.0])
        told = [math.floor(float(np.float32(own * scale))) for own, scale in zip(value.shape[1:], scales, strict=True)]
    if told is None or scales is None or len(told) != 2 or not all(1 <= size <= LARGEST_SIZE for size in told):
        raise UnsupportedError("it has neither sizes nor scales that make an image")
    return (told[0], told[1]), (float(scales[0]), float(scales[1]))


def _last_two(told: list[Any], kept: list[Any]) -> list[Any]:
    if len(told) != 4 or told[:2] != kept:
        raise UnsupportedError(f"it resizes along the batch axis or the channels ({told!r:.60})")
    return told[2:]


def _positions(node: OnnxNode, own: int, made: int, scale: float) -> Array:
    """Return where each new pixel lies in the old image."""
    mode = node.text("coordinate_transformation_mode", "half_pixel")
    mode = "asymmetric" if node.op == "Upsample" or node.opset < 11 else mode
    x = np.arange(made, dtype=np.float64)
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and made > 1):
        return (x + 0.5) / scale - 0.5
    if mode == "asymmetric":
        return x / scale
    if mode == "align_corners" and made > 1:
        return x * (own - 1) / (made - 1)
    if mode == "pytorch_half_pixel":
        return x * 0
    raise UnsupportedError(f"its coordinate_transformation_mode is {mode!r:.40}")


def _nearest(context: Context, node: OnnxNode, value: Value, made: Pair, scales: tuple[float, float]) -> Value:
    rounding = node.text("nearest_mode", "round_prefer_floor")
    rounding = "floor" if node.op == "Upsample" or node.opset < 11 else rounding
    rounds: dict[str, Any] = {
        "floor": np.floor,
        "ceil": np.ceil,
        "round_prefer_floor": lambda x: np.ceil(x - 0.5),
        "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    }
    if rounding not in rounds:
        raise UnsupportedError(f"its nearest_mode is {rounding!r:.40}")
    sizes = (value.shape[1], value.shape[2])
    theirs, ours = [], []
    for own, new, scale in zip(sizes, made, scales, strict=True):
        theirs.append(np.clip(rounds[rounding](_positions(node, own, new, scale)), 0, own - 1).astype(int))
        ours.append(np.clip(np.floor((np.arange(new) + 0.5) * (own / new)), 0, own - 1))
    if all(map(np.array_equal, theirs, ours)):
        return image(context.call(_layer(context, node, sizes, made, "nearest"), value.symbol), value.nonnegative)
    for place, numbers in enumerate(theirs, start=1):
        value = picked(context, value, place, numbers)
    return value


def _linear(context: Context, node: OnnxNode, sizes: Pair, made: Pair, scales: tuple[float, float]) -> Layer:
    for own, new, scale in zip(sizes, made, scales, strict=True):
        theirs = np.clip(_positions(node, own, new, scale), 0, own - 1)
        ours = np.clip((np.arange(new) + 0.5) * (own / new) - 0.5, 0, own - 1)
        if np.abs(theirs - ours).max() > 1e-5:
            raise UnsupportedError(
                f"it looks between other pixels of {own} for {new} than our layers do (half_pixel, as in TensorFlow 2 "
                "and in PyTorch with align_corners=False)"
            )
    return _layer(context, node, sizes, made, "bilinear")


def _layer(context: Context, node: OnnxNode, sizes: Pair, made: Pair, interpolation: str) -> Layer:
    name = context.name(node)
    if all(new % own == 0 for own, new in zip(sizes, made, strict=True)):
        factors = [new // own for own, new in zip(sizes, made, strict=True)]
        return UpSampling2D(factors, interpolation=interpolation, name=name)
    return Resizing(*made, interpolation=interpolation, name=name)
