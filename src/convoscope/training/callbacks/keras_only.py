"""Callbacks of Keras that do nothing here: one that is there anyway, and one that is refused."""

from __future__ import annotations

from typing import Any, NoReturn

from convoscope.errors import ConfigurationError
from convoscope.training.callbacks.base import Callback


class ProgbarLogger(Callback):
    """Do nothing: `fit` shows its own progress bar, as ``verbose`` says. For programs that pass Keras' callback.

    Parameters
    ----------
    count_mode : str, optional
        Keras 2's argument, whether samples or steps are counted: ignored.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])
    >>> model.compile("sgd", "mse")
    >>> model.fit(np.ones((4, 1)), np.zeros((4, 1)), verbose=0, callbacks=[ProgbarLogger()]).history
    {'loss': [0.0]}
    """

    def __init__(self, count_mode: str | None = None) -> None:
        self.count_mode = count_mode


def RemoteMonitor(*args: Any, **options: Any) -> NoReturn:  # noqa: N802 - Keras' name
    """Not supported: Keras' callback that posts the logs to a server. The error says what to use.

    Examples
    --------
    >>> from convoscope.errors import ConfigurationError
    >>> try:
    ...     RemoteMonitor(root="http://localhost:9000")
    ... except ConfigurationError as error:
    ...     print(str(error).split(".")[0])
    RemoteMonitor is not supported
    """
    raise ConfigurationError(
        "RemoteMonitor is not supported. callbacks.TensorBoard and callbacks.CSVLogger record training metrics. To "
        "send them elsewhere, override on_epoch_end(epoch, logs) in your own callbacks.Callback."
    )
