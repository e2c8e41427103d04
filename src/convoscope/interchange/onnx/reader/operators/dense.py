"""Gemm and MatMul with constant weights: Dense layers."""

from __future__ import annotations

import numpy as np

from convoscope.interchange.onnx.reader.context import Context, operator, real_setting
from convoscope.interchange.onnx.reader.layout import Group, Groups, Value, arranged, axis, flat, row_order
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.operators.convolutions import refittable
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import Dense


@operator("Gemm")
def gemm(context: Context, node: OnnxNode) -> Value:
    """alpha × rows × kernel + beta × bias."""
    value = context.value(node.input(0))
    if node.setting("transA", 0):
        raise UnsupportedError("transA=1 transposes the batch axis")
    if len(value.logical) != 1 and node.input(0) not in context.as_rows:
        raise UnsupportedError(f"it takes rows (batch, values), but its input has {len(value.logical) + 1} axes")
    kernel = context.weight(node.input(1), "the kernel") * np.float64(real_setting(node, "alpha", 1.0))
    bias = context.optional(node.input(2), "the bias")
    if bias is not None:
        bias = np.asarray(bias, np.float64) * real_setting(node, "beta", 1.0)
    return _dense(context, node, value, kernel.T if node.setting("transB", 0) else kernel, bias)


@operator("MatMul")
def product(context: Context, node: OnnxNode) -> Value:
    """Rows × kernel, along the last axis of a value of any number of axes."""
    if node.input(0) in context.constants:
        raise UnsupportedError("its first factor is a constant, which would mix the images of a batch or their rows")
    if node.input(1) not in context.constants:
        raise UnsupportedError("it multiplies two computed matrices, as attention does, which no layer supports")
    value = context.value(node.input(0))
    if not value.logical:
        raise UnsupportedError("its input has only a batch axis")
    kernel = context.weight(node.input(1), "the kernel")
    if kernel.ndim == 1:  # a row, whose axis is gone behind the product
        found = _dense(context, node, value, kernel[:, None], None)
        return found.seen_as(found.logical[:-1])
    if 2 < kernel.ndim <= len(value.logical) + 1 and set(kernel.shape[:-2]) == {1}:
        kernel = kernel.reshape(kernel.shape[-2:])
    return _dense(context, node, value, kernel, None)


def _dense(context: Context, node: OnnxNode, value: Value, kernel: Array, bias: Array | None) -> Value:
    if kernel.ndim != 2 or kernel.shape[0] != value.shape[-1]:
        raise UnsupportedError(f"a kernel of shape {kernel.shape} does not fit rows of {value.shape[-1]}")
    units = kernel.shape[1]
    if bias is not None and (bias.size not in (1, units) or bias.shape[-1:] not in ((), (1,), (units,))):
        raise UnsupportedError(f"its bias has shape {bias.shape}, but its rows have {units} values")
    value, row = _row_last(value)
    kernel = kernel[row_order(value.logical[-1], row)]
    name = context.name(node, node.input(1))
    out = axis(units)
    before = value.physical[:-1]

    def make(weights: Array, added: Array | None) -> Value:
        layer = Dense(units, use_bias=added is not None, name=name)
        symbol = context.call(layer, value.symbol, weights, *([] if added is None else [added]))
        return Value(symbol, (*value.logical[:-1], out), (*before, out))

    wide = None if bias is None else np.broadcast_to(bias.reshape(-1), (units,))
    return refittable(make, kernel, wide, (units,))


def _row_last(value: Value) -> tuple[Value, Group]:
    """Return the value with what ONNX has last in the symbol's last axis, in whatever order it lies."""
    row = set(value.logical[-1])
    order: Group = tuple(factor for factor in flat(value.physical) if factor in row)
    others: Groups = ()
    if len(value.logical) > 1:
        others = tuple(group for group in value.physical if not row & set(group))
        if len(flat(others)) + len(order) < len(flat(value.physical)):  # an axis has parts of both
            others = value.logical[:-1]
        elif not row and others[-1:] == ((),):
            others = others[:-1]
    return arranged(value, (*others, order)), order
