"""The nodes of dense layers, and of what brings images into a row before them."""

from __future__ import annotations

from convoscope import layers as cl
from convoscope.interchange.onnx.writer.activation_nodes import activated
from convoscope.interchange.onnx.writer.layer_call import LayerCall, nodes_of
from convoscope.interchange.onnx.writer.network import Value


@nodes_of(cl.Flatten)
def _flatten(call: LayerCall[cl.Flatten]) -> Value:
    """Bring an image into a row; where its channels come first, the reader of the row says in which order.

    A dense layer takes any order, its kernel's rows are put in the same. Everything else gets a Transpose.
    """
    value, name = call.value, f"{call.name}/Flatten"
    if len(value.shape) == 1:
        return value
    height, width, channels = value.shape if value.is_image else (1, 1, 1)
    if value.first and height * width > 1 and channels > 1:
        return Value(name, call.shape, image=value)
    return call.network.flat(value, name)


@nodes_of(cl.Dense)
def _dense(call: LayerCall[cl.Dense]) -> Value:
    layer, image = call.layer, call.given.image
    bias = [call.weight("bias")] if layer.use_bias else []
    if len(call.shape) > 1:  # of each of several rows
        x = call.plain
        made = call.node("MatMul", x.name, call.weight("kernel"))
        made = call.node("Add", made, *bias) if bias else made
        return activated(call, call.like(x, made), layer.activation)
    if image is None:
        row, kernel = call.plain, call.weight("kernel")
    else:
        row = call.network.row_of(call.given)
        parts = (*image.shape, layer.units)
        kernel = call.weight("kernel", parts=parts, order=(2, 0, 1, 3), shape=(row.shape[0], layer.units))
    made = call.node("Gemm", row.name, kernel, *bias)
    return activated(call, Value(made, call.shape), layer.activation)
