"""What is known before any image comes: constants, and the sizes that chains of nodes compute for a Reshape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope.interchange.onnx.reader.context import Context, axis_of
from convoscope.interchange.onnx.reader.network import OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.tensors import Array, dtype_of

_MOST = 1 << 24  # values that a folded node may make beyond those of its inputs
_VIEWS = ("Identity", "Transpose", "Slice", "Squeeze", "Unsqueeze")  # of which no number is laid out anew
Folding = Callable[[OnnxNode, Sequence[Any]], Any]


def folded(context: Context, node: OnnxNode) -> bool:
    """Compute a node that needs no image, and return whether it is one."""
    if node.op in ("Shape", "Size") and node.input(0) in context.values:
        whole = np.array([context.batch, *context.values[node.input(0)].shape], np.int64)
        start, end = node.setting("start", 0), node.setting("end")
        found: Any = whole[start:end] if node.op == "Shape" else np.array(math.prod(whole.tolist()))
    elif node.op == "CastLike" and node.input(0) in context.constants and node.input(1) in context.values:
        found = context.constants[node.input(0)]
        found = found if node.input(1) in context.whole else found.astype(np.float32)
    elif all(name in context.constants for name in node.inputs if name):
        found = fold(node, [context.constants[name] if name else None for name in node.inputs])
    else:
        return False
    if found is None:
        return False
    made = found if isinstance(found, list) else [found]
    if node.op not in _VIEWS:
        (context.give if node.op == "Constant" else context.take)(sum(np.size(array) for array in made))
    context.constants.update((name, np.asarray(array)) for name, array in zip(node.outputs, made, strict=False) if name)
    return True


def fold(node: OnnxNode, arrays: Sequence[Any]) -> list[Array] | None:
    """Return what a node makes of constants, None standing for inputs that are left out; None if it is not known.

    Raises
    ------
    UnsupportedError
        The constants do not go together, or what is made of them is too large.
    """
    if node.domain or node.op not in _FOLDINGS:
        return None
    try:
        with np.errstate(all="ignore"):
            found = _FOLDINGS[node.op](node, arrays)
    except (ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
        raise UnsupportedError(f"its constants do not fit together ({error})") from error
    return [np.asarray(array) for array in (found if isinstance(found, list) else [found])]


def _bounded(shape: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(map(int, shape))
    if any(size < 0 for size in sizes) or len(sizes) > 16 or math.prod(sizes) > _MOST:
        raise ValueError(f"a constant of shape {sizes!r:.80}")
    return sizes


def _told(node: OnnxNode, arrays: Sequence[Any], setting: str, place: int) -> list[int] | None:
    if setting in node.settings:
        return list(node.settings[setting])
    found = arrays[place] if place < len(arrays) else None
    return None if found is None else [int(each) for each in found.reshape(-1)]


def _constant(node: OnnxNode, _: Sequence[Any]) -> Array:
    kinds: dict[str, Any] = {
        "value": None,
        "value_float": np.float32,
        "value_floats": np.float32,
        "value_int": np.int64,
        "value_ints": np.int64,
    }
    for name, kind in kinds.items():
        if name in node.settings:
            return np.asarray(node.settings[name], kind)
    raise ValueError("it has no numbers")


def _reshape(node: OnnxNode, arrays: Sequence[Any]) -> Array:
    told = _told(node, arrays, "shape", 1) or []
    sizes = [
        arrays[0].shape[n] if size == 0 and not node.setting("allowzero", 0) else size for n, size in enumerate(told)
    ]
    found: Array = arrays[0].reshape(sizes)
    return found


def _slice(node: OnnxNode, arrays: Sequence[Any]) -> Array:
    starts, ends = _told(node, arrays, "starts", 1) or [], _told(node, arrays, "ends", 2) or []
    axes = _told(node, arrays, "axes", 3) or list(range(len(starts)))
    steps = _told(node, arrays, "steps", 4) or [1] * len(starts)
    found: Array = arrays[0]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        place = axis_of(axis, found.ndim)
        stop = None if step < 0 and end < -found.shape[place] else end
        found = found[(slice(None),) * place + (slice(start, stop, step),)]
    return found


def _squeeze(node: OnnxNode, arrays: Sequence[Any]) -> Array:
    axes = _told(node, arrays, "axes", 1)
    found: Array = np.squeeze(arrays[0], None if axes is None else tuple(axes))
    return found


def _unsqueeze(node: OnnxNode, arrays: Sequence[Any]) -> Array:
    return np.expand_dims(arrays[0], tuple(_told(node, arrays, "axes", 1) or []))


def _expand(_: OnnxNode, arrays: Sequence[Any]) -> Array:
    shape = np.broadcast_shapes(arrays[0].shape, _bounded(arrays[1].reshape(-1)))
    found: Array = np.broadcast_to(arrays[0], _bounded(shape))
    return found


def _of_shape(node: OnnxNode, arrays: Sequence[Any]) -> Array:
    value = node.setting("value", np.zeros(1, np.float32))
    found: Array = np.broadcast_to(np.asarray(value).reshape(()), _bounded(arrays[0].reshape(-1)))
    return found


def _cast(node: OnnxNode, arrays: Sequence[Any]) -> Array:
    dtype = dtype_of(node.setting("to", 0))
    if dtype is None:
        raise ValueError(f"a type with the number {node.setting('to')}")
    found: Array = arrays[0].astype(dtype)
    return found


def _range(_: OnnxNode, arrays: Sequence[Any]) -> Array:
    start, limit, step = (each.reshape(()).item() for each in arrays)
    _bounded([max(math.ceil((limit - start) / step), 0)])
    found: Array = np.arange(start, limit, step).astype(arrays[0].dtype)
    return found


def _split(node: OnnxNode, arrays: Sequence[Any]) -> Any:
    axis, count = node.setting("axis", 0), len(node.outputs)
    told = _told(node, arrays, "split", 1)
    ends = np.cumsum(told)[:-1] if told else count
    return list(np.split(arrays[0], ends, axis))


def _concat(node: OnnxNode, arrays: Sequence[Any]) -> Array:
    _bounded([sum(array.size for array in arrays)])
    found: Array = np.concatenate(arrays, node.setting("axis", 0))
    return found


def _quotient(array: Array, divisor: Array) -> Any:
    found = array / divisor
    return np.trunc(found).astype(array.dtype) if array.dtype.kind in "iu" else found


def _reduce(function: Any) -> Folding:
    def fold(node: OnnxNode, arrays: Sequence[Any]) -> Any:
        axes = _told(node, arrays, "axes", 1)
        return function(
            arrays[0], axis=None if axes is None else tuple(axes), keepdims=bool(node.setting("keepdims", 1))
        )

    return fold


def _joined(function: Any) -> Folding:
    """Return what a function makes of two arrays, bounded: their shapes may be stretched to one that is far larger."""

    def fold(_: OnnxNode, arrays: Sequence[Any]) -> Any:
        _bounded(np.broadcast_shapes(*(array.shape for array in arrays)))
        found = arrays[0]
        for array in arrays[1:]:
            found = function(found, array)
        return found

    return fold


def _plain(function: Any) -> Folding:
    return lambda _, arrays: function(arrays[0])


def _where(_: OnnxNode, arrays: Sequence[Any]) -> Any:
    _bounded(np.broadcast_shapes(*(array.shape for array in arrays)))
    return np.where(*arrays)


def _gather(node: OnnxNode, arrays: Sequence[Any]) -> Any:
    axis = node.setting("axis", 0)
    _bounded([arrays[0].size // max(arrays[0].shape[axis], 1) * arrays[1].size])
    return np.take(arrays[0], arrays[1], axis)


_FOLDINGS: dict[str, Folding] = {
    "Constant": _constant,
    "Identity": _plain(np.asarray),
    "Reshape": _reshape,
    "Transpose": lambda node, arrays: np.transpose(arrays[0], node.setting("perm")),
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Expand": _expand,
    "ConstantOfShape": _of_shape,
    "Cast": _cast,
    "CastLike": lambda _, arrays: arrays[0].astype(arrays[1].dtype),
    "Range": _range,
    "Split": _split,
    "Concat": _concat,
    "Gather": _gather,
    "Shape": lambda node, arrays: np.array(arrays[0].shape, np.int64)[node.setting("start", 0) : node.setting("end")],
    "Size": lambda _, arrays: np.array(arrays[0].size, np.int64),
    "Add": _joined(np.add),
    "Sub": _joined(np.subtract),
    "Mul": _joined(np.multiply),
    "Div": _joined(_quotient),
    "Pow": _joined(lambda x, y: np.power(x, y).astype(x.dtype)),
    "Min": _joined(np.minimum),
    "Max": _joined(np.maximum),
    "Mod": _joined(np.mod),
    "Equal": _joined(np.equal),
    "Less": _joined(np.less),
    "Greater": _joined(np.greater),
    "Where": _where,
    "Not": _plain(np.logical_not),
    "Neg": _plain(np.negative),
    "Abs": _plain(np.abs),
    "Sqrt": _plain(np.sqrt),
    "Reciprocal": _plain(np.reciprocal),
    "Exp": _plain(np.exp),
    "Log": _plain(np.log),
    "Floor": _plain(np.floor),
    "Ceil": _plain(np.ceil),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "ReduceMean": _reduce(np.mean),
    "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min),
}
