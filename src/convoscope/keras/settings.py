"""``keras.config``: the settings of Keras that have one value here, and those that only say what they are."""

from __future__ import annotations

from typing import Any

from convoscope.errors import ConfigurationError

__all__ = [
    "backend",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_interactive_logging_enabled",
    "set_backend",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]

_EPSILON = 1e-7


def backend() -> str:
    """Return the name of what computes: ``"convoscope"``.

    Examples
    --------
    >>> backend()
    'convoscope'
    """
    return "convoscope"


def set_backend(backend: str) -> None:
    """Accept ``"convoscope"``; `convoscope.use_engine` chooses between its engines.

    Examples
    --------
    >>> set_backend("convoscope")
    >>> try:
    ...     set_backend("jax")
    ... except ConfigurationError as error:
    ...     print(str(error).split(".")[0])
    Convoscope computes with its own engines, and cannot use 'jax'
    """
    if backend != "convoscope":
        raise ConfigurationError(
            f"Convoscope computes with its own engines, and cannot use {backend!r}. Leave set_backend out; "
            "convoscope.use_engine('reference') chooses the readable engine."
        )


def image_data_format() -> str:
    """Return ``"channels_last"``: images are height × width × channels.

    Examples
    --------
    >>> image_data_format()
    'channels_last'
    """
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accept ``"channels_last"``; raise a `ConfigurationError` for anything else.

    Examples
    --------
    >>> set_image_data_format("channels_last")
    >>> image_data_format()
    'channels_last'
    """
    if data_format != "channels_last":
        raise ConfigurationError(
            f"Images are height × width × channels ('channels_last') here, but got {data_format!r}. Leave "
            "set_image_data_format out, give input_shape as (height, width, channels), and transpose arrays: x = "
            "np.transpose(x, (0, 2, 3, 1))."
        )


def floatx() -> str:
    """Return the type that weights and values have: ``"float32"``.

    Examples
    --------
    >>> import numpy as np
    >>> np.ones(2, floatx())
    array([1., 1.], dtype=float32)
    """
    return "float32"


def set_floatx(floatx: str) -> None:
    """Accept ``"float32"``; raise a `ConfigurationError` for anything else.

    Examples
    --------
    >>> set_floatx("float32")
    >>> try:
    ...     set_floatx("float16")
    ... except ConfigurationError as error:
    ...     print(error)
    Convoscope computes in float32, but got 'float16'. Leave set_floatx out.
    """
    if floatx != "float32":
        raise ConfigurationError(f"Convoscope computes in float32, but got {floatx!r}. Leave set_floatx out.")


def epsilon() -> float:
    """Return the small number that keeps logarithms and quotients finite: 1e-7.

    Examples
    --------
    >>> epsilon()
    1e-07
    """
    return _EPSILON


def set_epsilon(epsilon: float) -> None:
    """Accept 1e-7; layers and optimizers take an ``epsilon`` of their own.

    Examples
    --------
    >>> set_epsilon(1e-7)
    >>> epsilon()
    1e-07
    """
    if epsilon != _EPSILON:
        raise ConfigurationError(
            f"Losses use an epsilon of {_EPSILON:g}, but {epsilon!r} was requested. Layers and optimizers have their "
            "own argument: BatchNormalization(epsilon=...), Adam(epsilon=...)."
        )


def enable_interactive_logging() -> None:
    """Do nothing: ``verbose`` says what fit, evaluate and predict print.

    Examples
    --------
    >>> enable_interactive_logging()
    >>> is_interactive_logging_enabled()
    True
    """


disable_interactive_logging = enable_interactive_logging


def is_interactive_logging_enabled() -> bool:
    """Return True: ``verbose="auto"`` prints progress.

    Examples
    --------
    >>> is_interactive_logging_enabled()
    True
    """
    return True


def enable_unsafe_deserialization() -> None:
    """Do nothing: files never run code here, and need no permission to.

    Examples
    --------
    >>> enable_unsafe_deserialization()  # a program that calls it runs unchanged
    """


def disable_traceback_filtering() -> None:
    """Do nothing: tracebacks are as Python makes them.

    Examples
    --------
    >>> disable_traceback_filtering()  # a program that calls it runs unchanged
    """


enable_traceback_filtering = disable_traceback_filtering


def dtype_policy() -> str:
    """Return the name of the policy: ``"float32"``."""
    return "float32"


def set_dtype_policy(policy: Any) -> None:
    """Accept ``"float32"``, and refuse anything else."""
    if str(policy) != "float32":
        raise ConfigurationError(
            f"Convoscope computes in float32, but the policy {policy!r} was requested. Leave it out."
        )
