"""Activation functions under the names that lessons use: ``activation=nn.relu``, ``nn.softmax(logits).numpy()``.

Each computes on arrays and returns a `convoscope.tensors.Tensor`; called on a symbol, it is the layer of that
activation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from convoscope import activations
from convoscope.layers import Activation
from convoscope.layers.counting import named_after
from convoscope.layers.symbols import Symbol
from convoscope.tensors import tensor


def _public(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(x: Any, *args: Any, **options: Any) -> Any:
        if isinstance(x, Symbol):
            with named_after(function.__name__):
                return Activation(function)(x)
        array = np.asarray(x).view(np.ndarray)
        if array.dtype.kind != "f" or not hasattr(x, "dtype"):  # numbers of Python's are float32, as in TensorFlow
            array = array.astype(np.float32)
        return tensor(function(array, *args, **options))

    return call


elu = _public(activations.elu)
exponential = _public(activations.exponential)
gelu = _public(activations.gelu)
hard_sigmoid = _public(activations.hard_sigmoid)
hard_silu = _public(activations.hard_silu)
leaky_relu = _public(activations.leaky_relu)
linear = _public(activations.linear)
mish = _public(activations.mish)
relu = _public(activations.relu)
relu6 = _public(activations.relu6)
selu = _public(activations.selu)
sigmoid = _public(activations.sigmoid)
silu = _public(activations.silu)
softmax = _public(activations.softmax)
softplus = _public(activations.softplus)
softsign = _public(activations.softsign)
tanh = _public(activations.tanh)

hard_swish = hard_silu
swish = silu


def get(identifier: str | Callable[..., Any] | None) -> Callable[..., Any]:
    """Return the function that a name stands for; a function as it is, and `linear` for None.

    Examples
    --------
    >>> get("relu")([-1.0, 2.0]).numpy()
    array([0., 2.], dtype=float32)
    """
    if callable(identifier):
        return identifier
    function: Callable[..., Any] = globals()[activations.name_of(identifier)]
    return function


def serialize(activation: str | Callable[..., Any] | None) -> str:
    """Return the name that an activation is known by."""
    return activations.name_of(activation)


deserialize = get

__all__ = [
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "leaky_relu",
    "linear",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
