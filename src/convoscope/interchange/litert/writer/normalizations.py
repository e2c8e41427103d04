"""The operators of normalizations."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from convoscope import layers as cl
from convoscope.interchange.litert.writer.layer_call import LayerCall, operators_of
from convoscope.interchange.litert.writer.network import Tensor

_LEAST_DEVIATION, _LEAST_LENGTH = 1e-7, 1e-12  # as our engines have them


@operators_of(cl.BatchNormalization)
def _batch_normalization(call: LayerCall[cl.BatchNormalization]) -> Tensor:
    """Return each channel times a factor and plus a number, which a convolution before it takes up."""
    weights = {name: weight.astype(np.float64) for name, weight in call.weights.items()}
    factor = weights.get("gamma", 1.0) / np.sqrt(weights["moving_variance"] + call.layer.epsilon)
    more = weights.get("beta", 0.0) - weights["moving_mean"] * factor
    return call.plus(call.times(call.given, factor, "factor"), more, "offset")


@operators_of(cl.LayerNormalization)
def _layer_normalization(call: LayerCall[cl.LayerNormalization]) -> Tensor:
    layer, rank = call.layer, len(call.shape)
    axes = range(rank - len(layer.axis) + 1, rank + 1)
    return _scaled(call, _standardized(call, call.given, tuple(axes), layer.epsilon))


@operators_of(cl.GroupNormalization)
def _group_normalization(call: LayerCall[cl.GroupNormalization]) -> Tensor:
    layer, x = call.layer, call.given
    groups = layer.groups_of(call.shape)
    laid_out = (prod(call.shape[:-1]), groups, call.shape[-1] // groups)
    apart = call.network.reshaped(x, laid_out, f"{call.name}/groups")
    normal = _standardized(call, apart, (1, 3), layer.epsilon)
    return _scaled(call, call.network.reshaped(normal, call.shape, call.name))


def _standardized(call: LayerCall[Any], x: Tensor, axes: tuple[int, ...], epsilon: float) -> Tensor:
    """Return values with mean 0 and variance 1 over axes."""
    call = call.exactly()
    centred = call.add("SUB", x, call.reduced("MEAN", x, axes))
    variance = call.reduced("MEAN", call.add("MUL", centred, centred), axes)
    deviation = call.add("SQRT", call.plus(variance, epsilon, "epsilon"))
    return call.add("DIV", centred, deviation)


def _scaled(call: LayerCall[Any], value: Tensor) -> Tensor:
    """Return a value times gamma, plus beta."""
    if call.layer.scale:
        value = call.add("MUL", value, call.weight("gamma"))
    return call.add("ADD", value, call.weight("beta")) if call.layer.center else value


@operators_of(cl.UnitNormalization)
def _unit_normalization(call: LayerCall[cl.UnitNormalization]) -> Tensor:
    call, x, rank = call.exactly(), call.given, len(call.shape)
    axes = range(rank - len(call.layer.axis) + 1, rank + 1)
    length = call.add("SQRT", call.reduced("SUM", call.add("MUL", x, x), tuple(axes)))
    return call.add("DIV", x, call.add("MAXIMUM", length, call.constant("least", _LEAST_LENGTH)))


@operators_of(cl.LocalResponseNormalization)
def _local_response(call: LayerCall[cl.LocalResponseNormalization]) -> Tensor:
    call, x, layer, channels = call.exactly(), call.given, call.layer, call.shape[-1]
    before, after = layer.depth_radius
    if len(call.shape) == 3 and before == after:  # LiteRT's own takes images alone, and the same on both sides
        settings: dict[str, Any] = {"alpha": layer.alpha, "beta": layer.beta, "bias": layer.bias}
        return call.add("LOCAL_RESPONSE_NORMALIZATION", x, radius=before, **settings)
    numbers = np.arange(channels)
    apart = numbers - numbers[:, None]  # how far each channel lies behind each
    counts = ((apart >= -before) & (apart <= after)) * layer.alpha
    kernel, bias = call.constant("beside", counts), call.constant("bias", np.full(channels, layer.bias))
    several: dict[str, Any] = {"keep_num_dims": True, "version": 5} if len(call.shape) > 1 else {}
    base = call.add("FULLY_CONNECTED", call.add("MUL", x, x), kernel, bias, **several)
    return call.add("MUL", x, call.add("POW", base, call.constant("power", -layer.beta)))


@operators_of(cl.Normalization)
def _normalization(call: LayerCall[cl.Normalization]) -> Tensor:
    call, x, layer = call.exactly(), call.given, call.layer
    known = layer.constants(call.shape)
    mean, variance = (call.weights["mean"], call.weights["variance"]) if known is None else known
    kept = layer.kept_shape(call.shape)
    deviation = np.maximum(np.sqrt(variance.astype(np.float32)), np.float32(_LEAST_DEVIATION)).reshape(kept)
    if layer.invert:
        return call.plus(call.times(x, deviation, "deviation"), mean.reshape(kept), "mean")
    centred = call.add("SUB", x, call.constant("mean", mean.reshape(kept)))
    return call.add("DIV", centred, call.constant("deviation", deviation))


@operators_of(cl.Rescaling)
def _rescaling(call: LayerCall[cl.Rescaling]) -> Tensor:
    x, layer = call.given, call.layer
    scaled = call.times(x, layer.scale, "scale")
    return call.plus(scaled, layer.offset, "offset") if layer.offset else scaled
