"""TensorFlow's names of arguments: ``tf.reduce_mean(input_tensor=x)``, ``tf.clip_by_value(t, clip_value_min=0)``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

#: What TensorFlow calls the array that a function is about, which is always its first argument.
_FIRST = ("input_tensor", "input", "inputs", "tensor", "values", "value", "t", "a", "x", "params")
_OTHERS = {"clip_value_min": "x_min", "clip_value_max": "x_max"}


def as_tensorflow(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that takes its arguments by TensorFlow's names as well, and ``name``, which is for graphs.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope.keras.arrays import arithmetic
    >>> as_tensorflow(arithmetic.clip)(t=np.arange(4), clip_value_min=1, clip_value_max=2).tolist()
    [1, 1, 2, 2]
    """
    takes_name = "name" in inspect.signature(function).parameters

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        first = next((name for name in _FIRST if not args and name in options), None)
        if first is not None:
            args = (options.pop(first),)
        if not takes_name:
            options.pop("name", None)
        return function(*args, **{_OTHERS.get(name, name): value for name, value in options.items()})

    return call
