"""What makes a function of arrays one of TensorFlow's: its result is a `Tensor`, and a symbol goes to a layer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError
from convoscope.layers.symbols import Symbol
from convoscope.tensors import tensor

Axis = int | Sequence[int] | None


def axes_of(axis: Axis) -> Any:
    """Return axes as NumPy takes them: a number, a tuple or None."""
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis


def _holds_symbol(values: Sequence[Any]) -> bool:
    for value in values:
        listed = value if isinstance(value, (list, tuple)) else [value]
        if any(isinstance(each, Symbol) for each in listed):
            return True
    return False


def eager(on_symbols: Callable[..., Any] | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for a function of arrays: its result is a `Tensor`, and symbols go to `on_symbols`."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            if _holds_symbol([*args, *options.values()]):
                if on_symbols is None:
                    raise ConfigurationError(
                        f"{function.__name__} was called on a symbol, which has no values. In a model, write it with "
                        "layers (Add, Multiply, Concatenate, Reshape, Permute, Rescaling, Activation, "
                        "GlobalAveragePooling2D, UnitNormalization); on arrays, call it on what predict returns."
                    )
                return on_symbols(*args, **options)
            result = function(*args, **options)
            return [tensor(each) for each in result] if isinstance(result, list) else tensor(result)

        return call

    return decorate


def of_numpy(name: str) -> Callable[..., Any]:
    """Return NumPy's function of that name, computing on tensors."""
    function = getattr(np, name)

    def call(*args: Any, **options: Any) -> Any:
        named = tuple(options.pop(key) for key in ("x", "y") if key in options)  # NumPy takes them by position
        return function(*args, *named, **options)

    call.__name__ = name
    call.__doc__ = f"Return NumPy's ``{name}`` of arrays."
    return eager()(call)
