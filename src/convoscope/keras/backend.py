"""``keras.backend``: what lessons still call there.

Arrays in, arrays out, at once: see `convoscope.keras.arrays`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError
from convoscope.keras.arrays.arithmetic import (
    abs as abs,
    clip as clip,
    equal as equal,
    exp as exp,
    greater as greater,
    l2_normalize as l2_normalize,
    less as less,
    log as log,
    matmul as dot,
    maximum as maximum,
    minimum as minimum,
    round as round,
    sign as sign,
    sqrt as sqrt,
    square as square,
)
from convoscope.keras.arrays.form import (
    cast as cast,
    expand_dims as expand_dims,
    reshape as reshape,
    shape as shape,
    squeeze as squeeze,
    stack as stack,
    transpose as transpose,
)
from convoscope.keras.arrays.making import (
    constant as constant,
    one_hot as one_hot,
    ones as ones,
    ones_like as ones_like,
    zeros as zeros,
    zeros_like as zeros_like,
)
from convoscope.keras.arrays.reductions import (
    argmax as argmax,
    argmin as argmin,
)
from convoscope.keras.random import normal as random_normal, uniform as random_uniform
from convoscope.keras.settings import (
    backend as backend,
    epsilon as epsilon,
    floatx as floatx,
    image_data_format as image_data_format,
    set_epsilon as set_epsilon,
    set_floatx as set_floatx,
    set_image_data_format as set_image_data_format,
)
from convoscope.layers.symbols import Symbol
from convoscope.nn import relu as relu, sigmoid as sigmoid, softmax as softmax, softplus as softplus, tanh as tanh

__all__ = ["dot", "random_normal", "random_uniform"]

variable = constant


def get_value(x: Any) -> Any:
    """Return the numbers of a weight, a learning rate or a tensor: ``K.get_value(model.optimizer.learning_rate)``."""
    return x.numpy() if hasattr(x, "numpy") else x


eval = get_value


def set_value(x: Any, value: npt.ArrayLike) -> None:
    """Set a weight or a learning rate: ``K.set_value(model.optimizer.learning_rate, 1e-4)``."""
    if hasattr(x, "assign"):
        x.assign(value)
    elif isinstance(x, np.ndarray):
        x[...] = value
    else:
        raise ConfigurationError(
            f"K.set_value sets a weight or a learning rate, but got {x!r}. Assign to the attribute instead, as in "
            "model.optimizer.learning_rate = 1e-4."
        )


def int_shape(x: Any) -> tuple[int | None, ...]:
    """Return the shape, with None for a symbol's batch axis."""
    return tuple(x.shape) if isinstance(x, Symbol) else np.shape(x)


def ndim(x: Any) -> int:
    """Return how many axes there are."""
    return len(int_shape(x))


def batch_flatten(x: Any) -> Any:
    """Return every sample as one row."""
    from convoscope import layers

    return layers.Flatten()(x) if isinstance(x, Symbol) else np.reshape(x, (len(x), -1))


def learning_phase() -> int:
    """Return 0: a model that is called predicts, and `fit` trains."""
    return 0


def set_learning_phase(value: int) -> None:
    """Do nothing: `fit` trains and `predict` predicts, whatever is set."""


def is_keras_tensor(x: Any) -> bool:
    """Return whether `x` is a symbol, such as ``Input(...)``."""
    return isinstance(x, Symbol)
