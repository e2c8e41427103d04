"""Products of rows and matrices."""

from __future__ import annotations

from convoscope.interchange.litert.reader.call import Call, operator
from convoscope.interchange.onnx.reader.network import UnsupportedError


@operator("FULLY_CONNECTED")
def fully_connected(call: Call) -> str:
    """The kernel is (units, values of a row). What has more axes than two is laid out in rows, or keeps its axes."""
    if call.option("weights_format"):
        raise UnsupportedError("its weights are stored in an order for one kind of processor")
    if call.rank(1) != 2:
        raise UnsupportedError(f"its kernel has {call.rank(1)} axes, but must have 2")
    value, kernel, bias = call.input(0), call.input(1), call.optional(2)
    if call.rank() == 2 or not call.option("keep_num_dims", False):
        rows = value if call.rank() == 2 else call.node("Reshape", value, call.array([-1, call.tensor(1).sizes[1]]))
        return call.node("Gemm", rows, kernel, bias, transB=1)
    made = call.node("MatMul", value, call.transposed(kernel, 1, 0))
    return call.node("Add", made, bias) if bias else made


@operator("BATCH_MATMUL")
def product(call: Call) -> str:
    """A value by a constant matrix, along the last axis."""
    if call.option("adj_x", False):
        raise UnsupportedError("it transposes its first factor")
    kernel, rank = call.input(1), call.rank(1)
    if call.option("adj_y", False):
        kernel = call.transposed(kernel, *range(rank - 2), rank - 1, rank - 2)
    if rank > 2 and call.is_constant(1):  # (1, rows, columns)
        if set(call.tensor(1).sizes[:-2]) != {1}:
            raise UnsupportedError(f"its matrix has shape {tuple(call.tensor(1).sizes)}: one for each image of a batch")
        kernel = call.node(
            "Reshape", kernel, call.array(call.tensor(1).sizes[-2:][:: -1 if call.option("adj_y", False) else 1])
        )
    return call.node("MatMul", call.input(0), kernel)
