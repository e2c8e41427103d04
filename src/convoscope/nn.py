"""Activation functions under the names that lessons use: ``activation=nn.relu``, ``nn.relu(x)``.

They take arrays, for which they return a `convoscope.tensors.Tensor` at once, and symbols, on which they call the layer
that computes the same in a network.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from convoscope import activations, layers
from convoscope.errors import ConfigurationError
from convoscope.layers.counting import named_after
from convoscope.layers.symbols import Symbol
from convoscope.tensors import tensor

#: What Keras and TensorFlow call the array, where it is given by name.
_ARRAY = ("x", "features", "logits", "input")


def _numbers(x: Any) -> Any:
    """Return an array of floating-point numbers; of numbers without a type, float32 as in TensorFlow."""
    values = np.asarray(x)
    return values if hasattr(x, "dtype") and values.dtype.kind == "f" else values.astype(np.float32)


def _on_both(function: Callable[..., Any], layer: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return an activation that takes arrays and symbols; `layer` makes the layer, from the same options."""
    make = layer or (lambda: layers.Activation(function.__name__))

    @functools.wraps(function)
    def call(*args: Any, name: str | None = None, **options: Any) -> Any:
        named = next((key for key in _ARRAY if key in options), "")
        if not args and not named:
            raise TypeError(f"{function.__name__} takes an array or a symbol: {function.__name__}(x)")
        x, *more = args or (options.pop(named),)
        if not isinstance(x, Symbol):
            return tensor(function(_numbers(x), *more, **options))
        with named_after(name or function.__name__):
            made = make(*more, **options)
        return made(x)

    return call


def _relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Set values below a threshold to 0, or multiply them by `negative_slope`; limit values to `max_value`.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.5, 8.0])), relu(np.array([-2.0, 0.5, 8.0]), max_value=6.0)
    (Tensor([0. , 0.5, 8. ]), Tensor([0. , 0.5, 6. ]))
    """
    below = negative_slope * (x - threshold) if negative_slope else 0.0  # not 0 times infinity
    kept = np.where(x >= threshold, x, below).astype(x.dtype)
    return kept if max_value is None else np.minimum(kept, x.dtype.type(max_value))


def _relu_layer(negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    return layers.ReLU(max_value=max_value, negative_slope=negative_slope, threshold=threshold)


def _leaky_relu(x: Any, negative_slope: float = 0.2, alpha: float | None = None) -> Any:
    """Multiply negative values by `negative_slope`, which TensorFlow calls alpha (Maas and others, 2013).

    Examples
    --------
    >>> leaky_relu(np.array([-2.0, 0.0, 3.0])), leaky_relu(np.array([-2.0, 0.0, 3.0]), alpha=0.5)
    (Tensor([-0.4,  0. ,  3. ]), Tensor([-1.,  0.,  3.]))
    """
    return activations.leaky_relu(x, negative_slope if alpha is None else alpha)


def _leaky_relu_layer(negative_slope: float = 0.2, alpha: float | None = None) -> Any:
    return layers.LeakyReLU(negative_slope if alpha is None else alpha)


def _softmax(x: Any, axis: int = -1) -> Any:
    """Turn the values along an axis into probabilities that sum to 1.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [0.0, np.log(3)]])).round(4)
    array([[0.5 , 0.5 ],
           [0.25, 0.75]])
    """
    return np.moveaxis(activations.softmax(np.moveaxis(x, axis, -1)), -1, axis)


def _log_softmax(x: Any, axis: int = -1) -> Any:
    """Turn the values along an axis into logarithms of probabilities.

    Examples
    --------
    >>> log_softmax(np.array([[0.0, 1000.0]]))
    Tensor([[-1000.,     0.]])
    """
    return np.moveaxis(activations.log_softmax(np.moveaxis(x, axis, -1)), -1, axis)


def _log_softmax_layer(axis: int = -1) -> Any:
    if axis != -1:
        raise ConfigurationError(
            f"log_softmax: in a network, only the last axis (axis=-1) is supported, but got axis={axis!r}."
        )
    return layers.Activation("log_softmax")


def _local_response(x: Any, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5) -> Any:
    """Divide each channel by (bias + alpha × sum of squares) ** beta, over `depth_radius` channels on either side."""
    numbers = np.arange(x.shape[-1])
    beside = abs(numbers[:, None] - numbers) <= depth_radius
    return (x / (bias + alpha * (np.square(x.astype(np.float64)) @ beside)) ** beta).astype(x.dtype)


def _stands_for(plain: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function with more options be the activation `plain` in ``activation=``."""
    text = function.__doc__
    functools.update_wrapper(function, plain)
    function.__doc__ = text
    return function


elu = _on_both(activations.elu, layers.ELU)
exponential = _on_both(activations.exponential)
gelu = _on_both(activations.gelu)
hard_sigmoid = _on_both(activations.hard_sigmoid)
hard_silu = _on_both(activations.hard_silu)
leaky_relu = _on_both(_stands_for(activations.leaky_relu, _leaky_relu), _leaky_relu_layer)
linear = _on_both(activations.linear)
log_softmax = _on_both(_stands_for(activations.log_softmax, _log_softmax), _log_softmax_layer)
local_response_normalization = _on_both(_local_response, layers.LocalResponseNormalization)
mish = _on_both(activations.mish)
relu = _on_both(_stands_for(activations.relu, _relu), _relu_layer)
relu6 = _on_both(activations.relu6)
selu = _on_both(activations.selu)
sigmoid = _on_both(activations.sigmoid)
silu = _on_both(activations.silu)
softmax = _on_both(_stands_for(activations.softmax, _softmax), layers.Softmax)
softplus = _on_both(activations.softplus)
softsign = _on_both(activations.softsign)
tanh = _on_both(activations.tanh)
hard_swish = hard_silu
lrn = local_response_normalization
swish = silu


def get(identifier: Any) -> Callable[..., Any]:
    """Return the activation of that name; a function comes back as it is, and None is `linear`.

    Examples
    --------
    >>> get("relu") is relu, get(None) is linear
    (True, True)
    """
    if callable(identifier):
        return identifier  # type: ignore[no-any-return]
    found: Callable[..., Any] = globals()[activations.name_of(identifier)]
    return found


def serialize(activation: Callable[..., Any]) -> str:
    """Return the name that `get` finds an activation by."""
    return activations.name_of(activation)


deserialize = get

__all__ = [
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "leaky_relu",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
