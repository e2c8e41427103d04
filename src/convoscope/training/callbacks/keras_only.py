"""Callbacks of Keras that do nothing here: one that is there anyway, and one that is refused."""

from __future__ import annotations

from typing import Any, NoReturn

from convoscope.errors import ConfigurationError
from convoscope.training.callbacks.base import Callback


class ProgbarLogger(Callback):
    """Keras' progress bar. `fit` shows its own, as ``verbose`` says, so that this one has nothing left to do.

    Parameters
    ----------
    count_mode : str, optional
        Of Keras 2: whether samples or steps are counted.
    """

    def __init__(self, count_mode: str | None = None) -> None:
        self.count_mode = count_mode


def RemoteMonitor(*args: Any, **options: Any) -> NoReturn:  # noqa: N802 - Keras' name
    """Keras' callback that posts the logs to a server. There is none here: the call says what to use."""
    raise ConfigurationError(
        "RemoteMonitor is not supported. callbacks.TensorBoard and callbacks.CSVLogger write what training measures. "
        "To send it elsewhere, override on_epoch_end(epoch, logs) in a callbacks.Callback of your own."
    )
