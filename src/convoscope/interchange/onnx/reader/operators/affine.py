"""Products and sums with constants: folded into the layer before where there is one, else layers of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convoscope.interchange.onnx.reader.context import Context
from convoscope.interchange.onnx.reader.layout import Value, arranged, constant_for, flat
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.tensors import Array
from convoscope.layers import BatchNormalization, DepthwiseConv2D, Normalization, Rescaling

_EPSILON = 0.001


def scaled(context: Context, node: OnnxNode, value: Value, scale: Array | float, offset: Array | float) -> Value:
    """Return value × scale + offset.

    Parameters
    ----------
    scale, offset : array or float
        They go with ONNX's axes, the batch axis among them, as NumPy's do.
    """
    factor, shift = (_placed(value, np.asarray(each, np.float64)) for each in (scale, offset))
    return _applied(context, node, value, factor, shift)


def _applied(context: Context, node: OnnxNode, value: Value, factor: Array, shift: Array) -> Value:
    """Do the same for arrays that go with the symbol's axes."""
    if not (np.isfinite(factor).all() and np.isfinite(shift).all()):
        raise UnsupportedError("it multiplies by or adds a number that is not finite")
    by_channel = factor.size in (1, _last(factor)) and shift.size in (1, _last(shift))
    if value.refit is not None and (by_channel or value.refits_all):
        again = value.refit(*((_vector(factor), _vector(shift)) if by_channel else (factor, shift)))
        return replace(value, symbol=again.symbol, refit=again.refit, nonnegative=False, kept={})
    made = _layer(context, node, value, factor, shift)

    def refit(scale: Array, offset: Array) -> Value:
        return _applied(context, node, replace(value, refit=None), factor * scale, shift * scale + offset)

    return replace(made, refit=refit, refits_all=True)


def _layer(context: Context, node: OnnxNode, value: Value, factor: Array, shift: Array) -> Value:
    name = context.name(node)
    if factor.size == 1 and shift.size == 1:
        layer = Rescaling(float(factor.reshape(())), float(shift.reshape(())), name=name)
        return value.of(context.call(layer, value.symbol))
    factor, shift = np.broadcast_arrays(factor, shift)
    if factor.size == _last(factor):
        return _by_channel(context, name, value, _vector(factor), _vector(shift))
    if not (factor > 0).all():
        return _by_position(context, name, value, factor, shift)
    axes = [number for number, size in enumerate(factor.shape, start=1) if size > 1]
    mean, variance = ((each.squeeze()) for each in (-shift / factor, factor**-2.0))
    return value.of(context.call(Normalization(axes, name=name), value.symbol, mean, variance, np.zeros(())))


def _by_position(context: Context, name: str, value: Value, factor: Array, shift: Array) -> Value:
    """Multiply and shift along several axes, which are put together as the last for it."""
    places = [place for place, size in enumerate(factor.shape) if size > 1]
    others = tuple(group for place, group in enumerate(value.physical) if place not in places)
    moved = arranged(value, (*others, flat(value.physical[place] for place in places)))
    made = _by_channel(context, name, moved, factor.reshape(-1), shift.reshape(-1))
    return replace(arranged(made, value.physical), kept={})


def _by_channel(context: Context, name: str, value: Value, factor: Array, shift: Array) -> Value:
    """Multiply and shift each channel: the input's for good, and what layers make so that it can be learned."""
    shape = value.symbol.sample_shape
    factor, shift = (np.broadcast_to(each, shape[-1:]) for each in (factor, shift))
    begins = not value.symbol.node.inputs
    if begins and (factor > 0).all():
        known = Normalization(mean=-shift / factor, variance=factor**-2.0, name=name)
        return value.of(context.call(known, value.symbol))
    if len(shape) == 3:
        biases = [shift] if shift.any() else []
        learned = DepthwiseConv2D(1, use_bias=bool(biases), name=name)
        return value.of(context.call(learned, value.symbol, factor[None, None, :, None], *biases))
    frozen = BatchNormalization(epsilon=_EPSILON, trainable=False, name=name)
    zeros = np.zeros(shape[-1])
    return value.of(context.call(frozen, value.symbol, factor, shift, zeros, zeros + 1 - _EPSILON))


def _placed(value: Value, array: Array) -> Array:
    """Return an array that goes with ONNX's axes, as it goes with the symbol's; of one number without axes."""
    if array.size == 1:
        return array.reshape(())
    shape = (1,) * (len(value.logical) + 1 - array.ndim) + array.shape
    if len(shape) > len(value.logical) + 1 or shape[0] != 1:
        raise UnsupportedError(f"a constant of shape {array.shape} reaches along the batch axis")
    if any(size not in (1, own) for size, own in zip(shape[1:], value.shape, strict=True)):
        raise UnsupportedError(
            f"a constant of shape {array.shape} does not fit a value of shape {value.shape}, without the batch axis"
        )
    return constant_for(value, array.reshape(shape[1:]))


def _last(array: Array) -> int:
    return array.shape[-1] if array.ndim else 1


def _vector(array: Array) -> Array:
    return array.reshape(-1) if array.size > 1 else array.reshape(())
