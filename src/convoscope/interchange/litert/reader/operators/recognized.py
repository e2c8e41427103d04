"""What `convoscope.interchange.litert.reader.patterns` has put in place of several operators."""

from __future__ import annotations

import numpy as np

from convoscope.interchange.litert.reader.call import Call, operator
from convoscope.interchange.litert.reader.patterns import LENGTH, NORMALIZE, REPEAT
from convoscope.interchange.onnx.reader.normalizing import NORMALIZED, UNIT


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


@operator(LENGTH, "L2_NORMALIZATION")
def unit(call: Call) -> str:
    """Length 1 along some axes."""
    return call.node(UNIT, call.input(0), axes=call.operator.settings.get("axes", [-1]))
