"""The operators of dense layers, and of what brings images into a row before them."""

from __future__ import annotations

from math import prod

from convoscope import layers as cl
from convoscope.interchange.litert.writer.activations import activated
from convoscope.interchange.litert.writer.layer_call import LayerCall, operators_of
from convoscope.interchange.litert.writer.network import Tensor


@operators_of(cl.Flatten)
def _flatten(call: LayerCall[cl.Flatten]) -> Tensor:
    if len(call.given.shape) == 1:
        return call.given
    return call.network.reshaped(call.given, (prod(call.given.shape),), call.name)


@operators_of(cl.Dense)
def _dense(call: LayerCall[cl.Dense]) -> Tensor:
    layer = call.layer
    numbers = call.weight("kernel", order=(1, 0)), call.bias(layer.units)
    several = {"keep_num_dims": True, "version": 5} if len(call.shape) > 1 else {}  # of each of several rows
    made = call.add("FULLY_CONNECTED", call.given, *numbers, shape=call.shape, **several)
    return activated(call, made, layer.activation)
