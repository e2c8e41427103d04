"""What ``import convoscope as tf`` finds beyond Convoscope's own names: ``tf.image``, ``tf.constant``, ``tf.math.log``.

`convoscope` asks here for names that it does not have itself, so that importing it stays quick.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from convoscope import nn
from convoscope.data import TensorSpec
from convoscope.keras import outside
from convoscope.keras.arrays import arithmetic, form, making, reductions
from convoscope.keras.arrays.spelling import as_tensorflow
from convoscope.tensors import Tensor

#: The release of TensorFlow whose Keras is followed.
VERSION = "2.21.0"

_MODULES = {"image": "convoscope.keras.images", "io": "convoscope.keras.files", "random": "convoscope.keras.random"}
_TYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")

_MATH_BY_POSITION: dict[str, Any] = {
    **{name: vars(arithmetic)[name] for name in arithmetic.ELEMENT_BY_ELEMENT},
    "add": arithmetic.add,
    "add_n": arithmetic.add_n,
    "argmax": reductions.tf_argmax,
    "argmin": reductions.argmin,
    "clip_by_value": arithmetic.clip,
    "confusion_matrix": reductions.confusion_matrix,
    "divide": arithmetic.divide,
    "l2_normalize": arithmetic.l2_normalize,
    "matmul": arithmetic.matmul,
    "maximum": arithmetic.maximum,
    "minimum": arithmetic.minimum,
    "multiply": arithmetic.multiply,
    "pow": arithmetic.power,
    "reduce_all": reductions.reduce_all,
    "reduce_any": reductions.reduce_any,
    "reduce_max": reductions.reduce_max,
    "reduce_mean": reductions.reduce_mean,
    "reduce_min": reductions.reduce_min,
    "reduce_prod": reductions.reduce_prod,
    "reduce_std": reductions.reduce_std,
    "reduce_sum": reductions.reduce_sum,
    "reduce_variance": reductions.reduce_variance,
    "round": arithmetic.round,
    "sigmoid": nn.sigmoid,
    "softplus": nn.softplus,
    "square": arithmetic.square,
    "subtract": arithmetic.subtract,
    "tanh": nn.tanh,
    "top_k": reductions.top_k,
}
_MATH = {name: as_tensorflow(function) for name, function in _MATH_BY_POSITION.items()}
_OF_FORM: dict[str, Any] = {
    "argsort": reductions.argsort,
    "boolean_mask": form.boolean_mask,
    "cast": form.cast,
    "concat": form.concat,
    "constant": making.constant,
    "convert_to_tensor": making.constant,
    "expand_dims": form.expand_dims,
    "eye": making.eye,
    "fill": making.fill,
    "gather": form.gather,
    "identity": making.constant,
    "linspace": making.linspace,
    "norm": arithmetic.norm,
    "one_hot": making.one_hot,
    "ones": making.ones,
    "ones_like": making.ones_like,
    "pad": form.pad,
    "range": making.arange,
    "rank": form.rank,
    "repeat": form.repeat,
    "reshape": form.reshape,
    "reverse": form.reverse,
    "shape": form.shape,
    "size": form.size,
    "sort": reductions.sort,
    "split": form.split,
    "squeeze": form.squeeze,
    "stack": form.stack,
    "tensordot": arithmetic.tensordot,
    "tile": form.tile,
    "transpose": form.transpose,
    "unstack": form.unstack,
    "where": form.where,
    "zeros": making.zeros,
    "zeros_like": making.zeros_like,
}
_FUNCTIONS = {**_MATH, **{name: as_tensorflow(function) for name, function in _OF_FORM.items()}}


def list_physical_devices(device_type: str | None = None) -> list[Any]:
    """Return the processors of a kind: one for ``"CPU"``, none for ``"GPU"``."""
    device = types.SimpleNamespace(name="/physical_device:CPU:0", device_type="CPU")
    return [device] if device_type in (None, "CPU") else []


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing: there is nothing to configure."""


def _true(*_: Any, **__: Any) -> bool:
    """Return True: functions compute at once."""
    return True


def _namespace(name: str, contents: dict[str, Any]) -> types.ModuleType:
    module = types.ModuleType(f"convoscope.{name}", f"``tf.{name}``")
    module.__dict__.update(contents)
    module.__dict__["__getattr__"] = _missing_in(name)
    sys.modules.setdefault(module.__name__, module)
    return module


def _missing_in(namespace: str) -> Callable[[str], Any]:
    def missing(name: str) -> Any:
        raise outside.missing(f"convoscope.{namespace}", name)

    return missing


_NAMESPACES: dict[str, Callable[[], dict[str, Any]]] = {
    "config": lambda: {
        "experimental": types.SimpleNamespace(set_memory_growth=_nothing, list_physical_devices=list_physical_devices),
        "list_logical_devices": list_physical_devices,
        "list_physical_devices": list_physical_devices,
        "run_functions_eagerly": _nothing,
        "set_visible_devices": _nothing,
    },
    "debugging": lambda: {"set_log_device_placement": _nothing},
    "dtypes": lambda: {name: getattr(np, name) for name in _TYPES},
    "errors": lambda: {"InvalidArgumentError": ValueError, "NotFoundError": OSError, "OpError": Exception},
    "linalg": lambda: {"matmul": arithmetic.matmul, "norm": arithmetic.norm, "eye": making.eye},
    "math": lambda: _MATH,
    "test": lambda: {"is_gpu_available": lambda *_, **__: False, "is_built_with_cuda": lambda: False},
    "version": lambda: {"VERSION": VERSION, "GIT_VERSION": VERSION},
}
_OTHERS: dict[str, Any] = {
    **{name: getattr(np, name) for name in _TYPES},
    "Tensor": Tensor,
    "TensorShape": tuple,
    "TensorSpec": TensorSpec,
    "bool": np.bool_,
    "executing_eagerly": _true,
    "get_logger": lambda: types.SimpleNamespace(setLevel=_nothing),
    "newaxis": None,
    "print": print,
    "string": np.bytes_,
}


def find(name: str) -> Any:
    """Return what ``tf.<name>`` is.

    Raises
    ------
    OutsideNameError
        If it is known and not here; the message says what to use.
    AttributeError
        If there is no such name.
    """
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    if name in _OTHERS:
        return _OTHERS[name]
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _NAMESPACES:
        return _namespace(name, _NAMESPACES[name]())
    raise outside.missing("convoscope", name)
