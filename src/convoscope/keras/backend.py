"""``keras.backend``: what lessons still call there.

Arrays in, arrays out, at once: see `convoscope.keras.arrays`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope import layers
from convoscope.errors import ConfigurationError
from convoscope.keras import ops, outside, random, settings
from convoscope.keras.arrays import arithmetic, making
from convoscope.keras.outside import words
from convoscope.layers.counting import clear_session
from convoscope.layers.symbols import Symbol

_SETTINGS = ("backend", "epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx", "set_image_data_format")
_ARRAYS = words("""
    abs all any argmax argmin cast clip concatenate cumsum equal exp expand_dims eye flip greater
    greater_equal less less_equal log max maximum mean min minimum not_equal one_hot ones ones_like pow
    prod relu repeat reshape round shape sigmoid sign sin softmax softplus sqrt square squeeze stack std
    sum tanh tile transpose var zeros zeros_like
""")


def get_value(x: Any) -> Any:
    """Return the values of a weight, a learning rate or a tensor: ``K.get_value(model.optimizer.learning_rate)``.

    Examples
    --------
    >>> from convoscope import optimizers
    >>> round(float(get_value(optimizers.Adam(0.002).learning_rate)), 4)
    0.002
    """
    return x.numpy() if hasattr(x, "numpy") else x


def set_value(x: Any, value: npt.ArrayLike) -> None:
    """Set a weight or a learning rate: ``K.set_value(model.optimizer.learning_rate, 1e-4)``.

    Examples
    --------
    >>> layer = layers.Dense(2, input_shape=(3,))
    >>> layer.build((None, 3))
    >>> set_value(layer.bias, [1.0, 2.0])
    >>> get_value(layer.bias).tolist()
    [1.0, 2.0]
    """
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
    """Return the shape, with None for a symbol's batch axis.

    Examples
    --------
    >>> int_shape(layers.Input(shape=(28, 28, 1))), int_shape(np.zeros((2, 3)))
    ((None, 28, 28, 1), (2, 3))
    """
    return tuple(x.shape) if isinstance(x, Symbol) else np.shape(x)


def ndim(x: Any) -> int:
    """Return the number of axes.

    Examples
    --------
    >>> ndim(layers.Input(shape=(28, 28, 1)))
    4
    """
    return len(int_shape(x))


def batch_flatten(x: Any) -> Any:
    """Flatten every sample to one row.

    Examples
    --------
    >>> batch_flatten(np.zeros((2, 3, 4))).shape
    (2, 12)
    """
    return layers.Flatten()(x)


def learning_phase() -> int:
    """Return 0: a model that is called predicts, and `fit` trains.

    Examples
    --------
    >>> learning_phase()
    0
    """
    return 0


def set_learning_phase(value: int) -> None:
    """Do nothing: `fit` trains and `predict` predicts, whatever is set.

    Examples
    --------
    >>> set_learning_phase(1)
    >>> learning_phase()
    0
    """


def is_keras_tensor(x: Any) -> bool:
    """Return whether `x` is a symbol, such as ``Input(...)``.

    Examples
    --------
    >>> is_keras_tensor(layers.Input(shape=(3,))), is_keras_tensor(np.zeros(3))
    (True, False)
    """
    return isinstance(x, Symbol)


_OWN: dict[str, Any] = {
    **{name: getattr(settings, name) for name in _SETTINGS},
    "clear_session": clear_session,
    "constant": making.constant,
    "dot": arithmetic.matmul,
    "eval": get_value,
    "l2_normalize": arithmetic.l2_normalize,
    "pow": arithmetic.power,
    "random_normal": random.normal,
    "random_uniform": random.uniform,
    "truncated_normal": random.truncated_normal,
    "variable": making.constant,
}


def __getattr__(name: str) -> Any:
    if name in _OWN:
        return _OWN[name]
    if name in _ARRAYS:
        return getattr(ops, name)
    raise outside.missing(__name__, name)


def __dir__() -> list[str]:
    return sorted({*_OWN, *_ARRAYS, "batch_flatten", "get_value", "int_shape", "ndim", "set_value"})
