"""The nodes of normalizations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convoscope import layers as cl
from convoscope.interchange.onnx.writer.layer_call import LayerCall, nodes_of
from convoscope.interchange.onnx.writer.network import Value

_LEAST_DEVIATION, _LEAST_LENGTH = 1e-7, 1e-12  # as our engines have them


@nodes_of(cl.BatchNormalization)
def _batch_normalization(call: LayerCall[cl.BatchNormalization]) -> Value:
    layer, weights = call.layer, call.weights
    channels = weights["moving_mean"].shape
    if len(call.shape) == 2:  # the channels must come first, and here they cannot
        return _by_channel(call)
    x = call.first if call.given.is_image else call.plain
    gamma = call.weight("gamma") if layer.scale else call.constant("gamma", np.ones(channels))
    beta = call.weight("beta") if layer.center else call.constant("beta", np.zeros(channels))
    statistics = [call.weight("moving_mean"), call.weight("moving_variance")]
    return call.like(x, call.node("BatchNormalization", x.name, gamma, beta, *statistics, epsilon=layer.epsilon))


def _by_channel(call: LayerCall[cl.BatchNormalization]) -> Value:
    """Return each channel times a factor and plus a number."""
    weights = {name: weight.astype(np.float64) for name, weight in call.weights.items()}
    factor = weights.get("gamma", 1.0) / np.sqrt(weights["moving_variance"] + call.layer.epsilon)
    more = weights.get("beta", 0.0) - weights["moving_mean"] * factor
    x = call.plain
    made = call.node("Mul", x.name, call.constant("factor", factor))
    return call.like(x, call.node("Add", made, call.constant("offset", more)))


@nodes_of(cl.LayerNormalization)
def _layer_normalization(call: LayerCall[cl.LayerNormalization]) -> Value:
    x, layer = call.value, call.layer
    rank, count = len(call.shape), len(layer.axis)
    if call.network.opset >= 17 and not x.first:
        scale = call.weight("gamma") if layer.scale else call.constant("gamma", np.ones(call.shape[-count:]))
        shift = [call.weight("beta")] if layer.center else []
        settings = {"axis": rank - count + 1, "epsilon": layer.epsilon}
        return call.like(x, call.node("LayerNormalization", x.name, scale, *shift, **settings))
    axes = [x.axis(axis) for axis in range(rank - count + 1, rank + 1)]
    centred = call.node("Sub", x.name, call.reduced("ReduceMean", x.name, axes))
    variance = call.reduced("ReduceMean", call.node("Mul", centred, centred), axes)
    deviation = call.node("Sqrt", call.node("Add", variance, call.constant("epsilon", layer.epsilon)))
    return _scaled(call, call.like(x, call.node("Div", centred, deviation)))


@nodes_of(cl.GroupNormalization)
def _group_normalization(call: LayerCall[cl.GroupNormalization]) -> Value:
    """Take groups for channels, each of which InstanceNormalization brings to mean 0 and variance 1."""
    layer = call.layer
    x = call.first if call.given.is_image else call.plain
    if len(call.shape) == 2:  # the channels come first, as in images
        x = Value(call.node("Transpose", x.name, perm=[0, 2, 1]), call.shape)
    groups = layer.groups_of(call.shape)
    laid_out = call.node("Reshape", x.name, call.integers("groups", (-1, groups, math.prod(call.shape) // groups)))
    ones, zeros = call.constant("ones", np.ones(groups)), call.constant("zeros", np.zeros(groups))
    normal = call.node("InstanceNormalization", laid_out, ones, zeros, epsilon=layer.epsilon)
    sizes = call.shape[::-1] if len(call.shape) == 2 else x.sizes()
    made = call.node("Reshape", normal, call.integers("shape", (-1, *sizes)))
    if len(call.shape) == 2:
        made = call.node("Transpose", made, perm=[0, 2, 1])
    return _scaled(call, call.like(x, made))


def _scaled(call: LayerCall[Any], value: Value) -> Value:
    """Return a value times gamma, plus beta."""
    name, layer = value.name, call.layer
    if layer.scale:
        name = call.node("Mul", name, call.weight_along("gamma", value))
    if layer.center:
        name = call.node("Add", name, call.weight_along("beta", value))
    return call.like(value, name)


@nodes_of(cl.UnitNormalization)
def _unit_normalization(call: LayerCall[cl.UnitNormalization]) -> Value:
    x, rank = call.value, len(call.shape)
    axes = [x.axis(axis) for axis in range(rank - len(call.layer.axis) + 1, rank + 1)]
    length = call.node("Max", call.reduced("ReduceL2", x.name, axes), call.constant("least", _LEAST_LENGTH))
    return call.like(x, call.node("Div", x.name, length))


@nodes_of(cl.LocalResponseNormalization)
def _local_response(call: LayerCall[cl.LocalResponseNormalization]) -> Value:
    layer, channels = call.layer, call.shape[-1]
    before, after = layer.depth_radius
    size = before + after + 1
    if call.given.is_image and before == after:  # ONNX Runtime computes no even windows
        settings = {"alpha": layer.alpha * size, "beta": layer.beta, "bias": layer.bias}
        return call.like(call.first, call.node("LRN", call.first.name, size=size, **settings))
    x, numbers = call.plain, np.arange(channels)
    apart = numbers[:, None] - numbers  # how far each channel lies behind each
    counts = ((apart >= -before) & (apart <= after)).astype(np.float32) * layer.alpha
    sums = call.node("MatMul", call.node("Mul", x.name, x.name), call.constant("beside", counts))
    base = call.node("Add", sums, call.constant("bias", layer.bias))
    return call.like(x, call.node("Mul", x.name, call.node("Pow", base, call.constant("power", -layer.beta))))


@nodes_of(cl.Normalization)
def _normalization(call: LayerCall[cl.Normalization]) -> Value:
    x, layer = call.value, call.layer
    known = layer.constants(call.shape)
    mean, variance = (call.weights["mean"], call.weights["variance"]) if known is None else known
    kept = layer.kept_shape(call.shape)
    deviation = np.maximum(np.sqrt(variance.astype(np.float32)), np.float32(_LEAST_DEVIATION)).reshape(kept)
    divisor, middle = call.along("deviation", deviation, x), call.along("mean", mean.reshape(kept), x)
    if layer.invert:
        return call.like(x, call.node("Add", call.node("Mul", x.name, divisor), middle))
    return call.like(x, call.node("Div", call.node("Sub", x.name, middle), divisor))


@nodes_of(cl.Rescaling)
def _rescaling(call: LayerCall[cl.Rescaling]) -> Value:
    x, layer = call.value, call.layer
    scaled = call.node("Mul", x.name, call.constant("scale", layer.scale))
    return call.like(x, call.node("Add", scaled, call.constant("offset", layer.offset)) if layer.offset else scaled)
