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
    """Return the name of what computes: ``"convoscope"``."""
    return "convoscope"


def set_backend(backend: str) -> None:
    """Accept ``"convoscope"``; `convoscope.use_engine` chooses between its engines."""
    if backend != "convoscope":
        raise ConfigurationError(
            f"Convoscope computes with its own engines, and cannot use {backend!r}. Leave set_backend out; "
            "convoscope.use_engine('reference') chooses the readable engine."
        )


def image_data_format() -> str:
    """Return ``"channels_last"``: images are height × width × channels."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accept ``"channels_last"``, and refuse anything else."""
    if data_format != "channels_last":
        raise ConfigurationError(
            f"Images are height × width × channels ('channels_last') here, but {data_format!r} was asked for. Leave "
            "set_image_data_format out, give input_shape as (height, width, channels), and bring arrays into that "
            "order: x = np.transpose(x, (0, 2, 3, 1))."
        )


def floatx() -> str:
    """Return the type that weights and values have: ``"float32"``."""
    return "float32"


def set_floatx(floatx: str) -> None:
    """Accept ``"float32"``, and refuse anything else."""
    if floatx != "float32":
        raise ConfigurationError(f"Convoscope computes in float32, but {floatx!r} was asked for. Leave set_floatx out.")


def epsilon() -> float:
    """Return the small number that keeps logarithms and quotients finite: 1e-7."""
    return _EPSILON


def set_epsilon(epsilon: float) -> None:
    """Accept 1e-7; layers and optimizers take an ``epsilon`` of their own."""
    if epsilon != _EPSILON:
        raise ConfigurationError(
            f"Losses use an epsilon of {_EPSILON:g}, but {epsilon!r} was asked for. Layers and optimizers have an "
            "argument of their own: BatchNormalization(epsilon=...), Adam(epsilon=...)."
        )


def enable_interactive_logging() -> None:
    """Do nothing: ``verbose`` says what fit, evaluate and predict print."""


disable_interactive_logging = enable_interactive_logging


def is_interactive_logging_enabled() -> bool:
    """Return True."""
    return True


def enable_unsafe_deserialization() -> None:
    """Do nothing: files never run code here, and need no permission to."""


def disable_traceback_filtering() -> None:
    """Do nothing: tracebacks are as Python makes them."""


enable_traceback_filtering = disable_traceback_filtering


def dtype_policy() -> str:
    """Return the name of the policy: ``"float32"``."""
    return "float32"


def set_dtype_policy(policy: Any) -> None:
    """Accept ``"float32"``, and refuse anything else."""
    if str(policy) != "float32":
        raise ConfigurationError(
            f"Convoscope computes in float32, but the policy {policy!r} was asked for. Leave it out."
        )
