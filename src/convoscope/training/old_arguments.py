"""Arguments of an older Keras' optimizers, which public programs are full of."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

from convoscope.checks import real
from convoscope.errors import ConfigurationError, ConvoscopeWarning


class OldArgumentWarning(ConvoscopeWarning):
    """An argument of an older Keras was used."""


def take_old_arguments(where: str, learning_rate: Any, options: dict[str, Any]) -> tuple[float, Any]:
    """Take ``lr`` and ``decay`` out of an optimizer's options, with a warning that says what to write.

    Parameters
    ----------
    where : str
        The optimizer's class.
    learning_rate : float, dict or LearningRateSchedule
        What was given under the present name.
    options : dict
        The other arguments; what is taken is no longer there.

    Returns
    -------
    float
        By how much the rate decays.
    float, dict or LearningRateSchedule
        The learning rate, under either name.
    """
    if "lr" in options:
        learning_rate = options.pop("lr")
        _warn(f"{where}: lr is now called learning_rate. Write learning_rate={learning_rate!r}.")
    given = options.pop("decay", None)
    decay = 0.0 if given is None else real(given, "decay", where)
    if decay < 0:
        raise ConfigurationError(f"{where}: decay must be a number of at least 0, but is {given!r}.")
    if decay and not isinstance(learning_rate, (int, float)):
        raise ConfigurationError(f"{where}: decay={given!r} cannot be combined with a learning rate schedule.")
    if decay:
        _warn(
            f"{where}: decay is an argument of Keras 2 and works as it did there, but current Keras ignores it. Write "
            f"learning_rate=keras.optimizers.schedules.InverseTimeDecay({learning_rate!r}, decay_steps=1, "
            f"decay_rate={given!r})."
        )
    return decay, learning_rate


def _warn(message: str) -> None:
    """Warn whoever made the optimizer, behind the constructors of its classes."""
    frame, depth = inspect.currentframe(), 0
    while frame is not None and (frame.f_code.co_name == "__init__" or depth < 2):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, OldArgumentWarning, stacklevel=depth + 1)
