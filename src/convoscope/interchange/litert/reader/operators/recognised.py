"""What `convoscope.interchange.litert.reader.patterns` has put in place of several operators."""

from __future__ import annotations

import numpy as np

from convoscope.interchange.litert.reader.call import Call, operator
from convoscope.interchange.litert.reader.patterns import NORMALIZE, REPEAT, UNIT
from convoscope.interchange.onnx.reader import context as onnx
from convoscope.interchange.onnx.reader.context import Context, sample_axis
from convoscope.interchange.onnx.reader.layout import Value, arranged
from convoscope.interchange.onnx.reader.network import OnnxNode
from convoscope.interchange.onnx.reader.patterns import NORMALIZED
from convoscope.layers import UnitNormalization


@operator(REPEAT)
def repeat(call: Call) -> str:
    """Each row or column of pixels several times."""
    scales = [1.0, 1.0]
    scales[call.operator.settings["axis"] - 1] = float(call.operator.settings["times"])
    sized = call.node(
        "Resize",
        call.image(),
        "",
        call.array(scales, np.float32),
        axes=[2, 3],
        mode=b"nearest",
        nearest_mode=b"floor",
        coordinate_transformation_mode=b"asymmetric",
    )
    return call.node("Reshape", call.channels_last(sized), call.input(1), allowzero=1)


@operator(NORMALIZE)
def normalize(call: Call) -> str:
    """Mean 0 and variance 1 along some axes, then times gamma, plus beta."""
    made = call.node(NORMALIZED, call.input(0), **call.operator.settings)
    made = call.node("Mul", made, call.input(1)) if call.has(1) else made
    return call.node("Add", made, call.input(2)) if call.has(2) else made


@operator(UNIT, "L2_NORMALIZATION")
def unit(call: Call) -> str:
    """Length 1 along some axes."""
    return call.node(UNIT, call.input(0), axes=call.operator.settings.get("axes", [-1]))


@onnx.operator(UNIT)
def unit_layer(context: Context, node: OnnxNode) -> Value:
    """The same as a layer, with those axes as the last."""
    value = context.value(node.input(0))
    axes = {sample_axis(each, value, "normalises over") for each in node.setting("axes")}
    others = tuple(group for place, group in enumerate(value.logical) if place not in axes)
    value = arranged(value, (*others, *(value.logical[place] for place in sorted(axes))))
    layer = UnitNormalization(list(range(-len(axes), 0)), name=context.name(node))
    return value.of(context.call(layer, value.symbol))
