"""Resize and Upsample: images at another size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convoscope.checks import LARGEST_SIZE
from convoscope.interchange.onnx.reader.context import Context, image_value, operator, real_setting
from convoscope.interchange.onnx.reader.layout import Value, as_image, image
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.interpolation import Along, cubic, linear
from convoscope.interchange.onnx.reader.operators.mixing import mixed, one_of_each
from convoscope.interchange.onnx.reader.operators.slices import picked
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Layer, Resizing, UpSampling2D
from convoscope.types import Pair


@operator("Resize", "Upsample")
def resize(context: Context, node: OnnxNode) -> Value:
    """The nearest pixel, or a mean of those around."""
    value = as_image(image_value(context.value(node.input(0))))
    sizes = (value.shape[1], value.shape[2])
    made, scales = _sizes(context, node, value)
    mode = node.text("mode", "nearest")
    if mode not in ("nearest", "linear", "bilinear", "cubic"):
        raise UnsupportedError(f"it resizes with the mode {mode!r:.40}")
    along = _axes(context, node, sizes, made, scales)
    if sizes == made and along[0].coordinates != "tf_crop_and_resize":
        return value
    return _nearest(context, node, value, along) if mode == "nearest" else _between(context, node, value, along, mode)


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
    if told is not None:
        told = told if axes is not None else _last_two(told, [context.batch, value.shape[0]])
        scales = [size / own for size, own in zip(told, value.shape[1:], strict=True)]
        policy = node.text("keep_aspect_ratio_policy", "stretch")
        if policy in ("not_larger", "not_smaller"):
            scales = [(min if policy == "not_larger" else max)(scales)] * 2
            told = [math.floor(own * scale + 0.5) for own, scale in zip(value.shape[1:], scales, strict=True)]
        elif policy != "stretch":
            raise UnsupportedError(f"its keep_aspect_ratio_policy is {policy!r:.40}")
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


def _axes(context: Context, node: OnnxNode, sizes: Pair, made: Pair, scales: tuple[float, float]) -> list[Along]:
    """Return how height and width are resized."""
    mode = node.text("coordinate_transformation_mode", "half_pixel")
    mode = "asymmetric" if node.op == "Upsample" or node.opset < 11 else mode
    regions = _regions(context, node) if mode == "tf_crop_and_resize" else [(0.0, 1.0)] * 2
    each = zip(sizes, made, scales, regions, strict=True)
    return [Along(own, new, scale, mode, region) for own, new, scale, region in each]


def _regions(context: Context, node: OnnxNode) -> list[tuple[float, float]]:
    """Return which part of height and of width is resized."""
    told = context.weight(node.input(1), "the region").reshape(-1).tolist()
    axes = node.setting("axes")
    count = 4 if axes is None else 2
    if len(told) != 2 * count:
        raise UnsupportedError(f"its region has {len(told)} numbers")
    pairs = list(zip(told[:count], told[count:], strict=True))[-2:]
    return pairs[::-1] if axes is not None and axes[0] % 4 == 3 else pairs


def _nearest(context: Context, node: OnnxNode, value: Value, along: list[Along]) -> Value:
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
    theirs = [np.clip(rounds[rounding](each.positions), 0, each.own - 1).astype(int) for each in along]
    ours = [np.clip(np.floor((np.arange(each.made) + 0.5) * (each.own / each.made)), 0, each.own - 1) for each in along]
    if any(each.outside.any() for each in along):
        shares = [one_of_each(each.own, numbers) * ~each.outside for each, numbers in zip(along, theirs, strict=True)]
        return _summed(context, node, value, along, shares)
    if all(map(np.array_equal, theirs, ours)):
        return image(context.call(_layer(context, node, along, "nearest"), value.symbol), value.nonnegative)
    for place, numbers in enumerate(theirs, start=1):
        value = picked(context, value, place, numbers)
    return value


def _between(context: Context, node: OnnxNode, value: Value, along: list[Along], mode: str) -> Value:
    """Return means of the pixels around: by a layer for resizing where one takes the same, else by sums."""
    smooths, excludes = bool(node.setting("antialias", 0)), bool(node.setting("exclude_outside", 0))
    straight = mode != "cubic"
    if straight and not smooths and not excludes and all(map(_like_ours, along)):
        return image(context.call(_layer(context, node, along, "bilinear"), value.symbol), value.nonnegative)
    kernel, reach = (linear, 1) if straight else (cubic(real_setting(node, "cubic_coeff_a", -0.75)), 2)
    shares = [each.shares(kernel, reach, smooths=smooths, excludes=excludes) for each in along]
    return _summed(context, node, value, along, shares)


def _like_ours(along: Along) -> bool:
    """Return whether positions are those of TensorFlow 2, and of PyTorch with align_corners=False."""
    theirs = np.clip(along.positions, 0, along.own - 1)
    ours = np.clip((np.arange(along.made) + 0.5) * (along.own / along.made) - 0.5, 0, along.own - 1)
    return not along.outside.any() and bool(np.abs(theirs - ours).max() <= 1e-5)


def _summed(context: Context, node: OnnxNode, value: Value, along: list[Along], shares: list[Array]) -> Value:
    fill = real_setting(node, "extrapolation_value", 0.0)
    for place, (each, counts) in enumerate(zip(along, shares, strict=True), start=1):
        offset = np.where(each.outside, fill, 0.0) if each.outside.any() and fill else None
        if offset is not None or not np.array_equal(counts, np.eye(each.own)):
            positive = value.nonnegative and fill >= 0 and bool((counts >= 0).all())
            value = mixed(context, value, place, counts, offset, nonnegative=positive)
    return value


def _layer(context: Context, node: OnnxNode, along: list[Along], interpolation: str) -> Layer:
    name = context.name(node)
    if all(each.made % each.own == 0 for each in along):
        factors = [each.made // each.own for each in along]
        return UpSampling2D(factors, interpolation=interpolation, name=name)
    rows, columns = along
    return Resizing(rows.made, columns.made, interpolation=interpolation, name=name)
