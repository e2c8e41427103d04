"""``keras.ops``: Keras' functions of arrays, under the names that it has for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope import nn
from convoscope.keras import images, outside
from convoscope.keras.arrays import arithmetic, form, making, reductions
from convoscope.keras.arrays.eager import of_numpy
from convoscope.keras.outside import words

# Keras' functions of this name do what NumPy's do, with the same arguments.
_NUMPY = words("""
    allclose append arccos arcsin arctan arctan2 average bincount broadcast_to copy corrcoef cosh
    count_nonzero cross cumprod cumsum diag diagonal diff digitize dot einsum expm1 fliplr flipud
    floor_divide histogram hstack hypot inner isclose isin isinf log10 log2 logaddexp logical_xor median
    meshgrid moveaxis nan_to_num nanmax nanmean nanmin nonzero outer percentile prod ptp quantile ravel
    roll rot90 searchsorted sinh swapaxes take_along_axis tan trace tri tril triu true_divide trunc vdot
    vectorize vstack
""")
_OWN: dict[str, Any] = {
    **{name: vars(arithmetic)[name] for name in (*arithmetic.ELEMENT_BY_ELEMENT, "power")},
    **{name: getattr(nn, name) for name in nn.__all__ if name not in ("get", "serialize", "deserialize")},
    "absolute": arithmetic.abs,
    "add": arithmetic.add,
    "all": reductions.reduce_all,
    "amax": reductions.reduce_max,
    "amin": reductions.reduce_min,
    "any": reductions.reduce_any,
    "arange": making.arange,
    "argmax": reductions.argmax,
    "argmin": reductions.argmin,
    "argsort": reductions.argsort,
    "array": making.constant,
    "cast": form.cast,
    "clip": arithmetic.clip,
    "concatenate": form.concat,
    "convert_to_numpy": making.convert_to_numpy,
    "convert_to_tensor": making.constant,
    "divide": arithmetic.divide,
    "expand_dims": form.expand_dims,
    "eye": making.eye,
    "flip": form.reverse,
    "full": making.fill,
    "image": images,
    "linspace": making.linspace,
    "matmul": arithmetic.matmul,
    "max": reductions.reduce_max,
    "maximum": arithmetic.maximum,
    "mean": reductions.reduce_mean,
    "min": reductions.reduce_min,
    "minimum": arithmetic.minimum,
    "multiply": arithmetic.multiply,
    "nn": nn,
    "norm": arithmetic.norm,
    "ones": making.ones,
    "ones_like": making.ones_like,
    "pad": form.pad,
    "repeat": form.repeat,
    "reshape": form.reshape,
    "round": arithmetic.round,
    "shape": form.shape,
    "size": form.size,
    "sort": reductions.sort,
    "split": form.split,
    "squeeze": form.squeeze,
    "square": arithmetic.square,
    "stack": form.stack,
    "std": reductions.reduce_std,
    "subtract": arithmetic.subtract,
    "sum": reductions.reduce_sum,
    "take": form.gather,
    "tensordot": arithmetic.tensordot,
    "tile": form.tile,
    "top_k": reductions.top_k,
    "transpose": form.transpose,
    "unstack": form.unstack,
    "var": reductions.reduce_variance,
    "where": form.where,
    "zeros": making.zeros,
    "zeros_like": making.zeros_like,
}


def normalize(x: Any, axis: Any = -1, order: int = 2) -> Any:
    """Return the values divided by their norm along an axis.

    Examples
    --------
    >>> normalize(np.array([[3.0, 4.0]])).tolist()
    [[0.6, 0.8]]
    """
    return x / arithmetic.maximum(arithmetic.norm(x, order, axis, True), 1e-12)


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = np.float32) -> Any:
    """Return a row for each index, with a 1 at that index and 0 elsewhere; only zeros for an index out of range.

    Examples
    --------
    >>> one_hot(np.array([2, 0, -1]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    return making.one_hot(x, num_classes, axis=axis, dtype=dtype)


def stop_gradient(variable: Any) -> Any:
    """Return its argument: arrays have no gradients. In a model, freeze layers: ``layer.trainable = False``.

    Examples
    --------
    >>> stop_gradient(np.array([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    return variable


def is_tensor(x: Any) -> bool:
    """Return whether `x` is an array.

    Examples
    --------
    >>> is_tensor(np.zeros(3)), is_tensor([0.0])
    (True, False)
    """
    return isinstance(x, np.ndarray)


def __getattr__(name: str) -> Any:
    if name in _OWN:
        return _OWN[name]
    if name in _NUMPY:
        return of_numpy(name)
    raise outside.missing(__name__, name)


def __dir__() -> list[str]:
    return sorted({*_OWN, *_NUMPY, "is_tensor", "normalize", "one_hot", "stop_gradient"})
