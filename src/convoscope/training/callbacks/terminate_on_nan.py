"""TerminateOnNaN: training that has gone wrong ends quietly."""

from __future__ import annotations

from convoscope.streams import show
from convoscope.training.callbacks.base import Callback


class TerminateOnNaN(Callback):
    """End training without an error when the loss is no longer a number.

    Without this callback, training ends with a `TrainingDivergedError`. In either case the model is left as it was at
    the start of the epoch that diverged (Keras leaves NaN in the weights).

    Parameters
    ----------
    raise_error : bool
        Whether the error is raised nevertheless.

    Examples
    --------
    >>> import contextlib
    >>> import io
    >>> import numpy as np
    >>> from convoscope import Sequential, layers, optimizers
    >>> model = Sequential([layers.Dense(1, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(optimizers.SGD(1e30), "mse")  # steps that are much too large
    >>> with contextlib.redirect_stdout(io.StringIO()):  # a message says in which step the loss became NaN, and why
    ...     history = model.fit(np.ones((4, 1)), np.zeros((4, 1)), 1, verbose=0, callbacks=[TerminateOnNaN()])
    >>> model.get_weights()[0].tolist()  # as before the first epoch
    [[1.0]]
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_diverged(self, message: str) -> bool:
        if not self.raise_error:
            show(message)
        return not self.raise_error
