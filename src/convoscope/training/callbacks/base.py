"""The base of all callbacks."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from convoscope.training.progress import Progress

Logs = MutableMapping[str, float]


class Callback:
    """Code that runs at certain moments of training, evaluation or prediction: override the hooks that you need.

    Attributes
    ----------
    model
        The model being trained. ``self.model.stop_training = True`` ends training after the current batch or epoch.
    params : dict
        ``verbose``, ``epochs`` and ``steps`` (batches per epoch).

    Notes
    -----
    Overriding a batch hook makes the engine stop after every batch, which costs speed; `on_progress` is called about
    ten times a second, however long batches take, and costs nothing.

    A callback whose behaviour depends on what it has seen returns that from `state`, as plain JSON values, and takes it
    back in `restore`, so that a resumed run continues as if it had never been stopped.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> class Goal(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         if logs["loss"] < 0.5:
    ...             self.model.stop_training = True
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(np.ones((1, 1)), np.zeros((1, 1)), epochs=100, verbose=0, callbacks=[Goal()])
    >>> len(history.epoch), history.history["loss"][-1] < 0.5
    (19, True)
    """

    # Class attributes, so that a subclass need not call super().__init__().
    model: Any = None
    params: Mapping[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Take note of the model. Called before anything else."""
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Take note of the run's settings. Called before anything else."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Training begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Training is over; not called if it ends by an error or by Ctrl-C."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch begins; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch is over; `logs` has loss and metrics, and what is added to it enters the history."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The old name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A training step begins; batches count from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A training step is over; `logs` has the means over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """An evaluation begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """An evaluation is over."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of an evaluation begins."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of an evaluation is over."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """A prediction begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """A prediction is over."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of a prediction begins."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of a prediction is over."""

    def on_progress(self, progress: Progress) -> None:
        """Some batches are done. Keras does not have this hook: it is for displays."""

    def on_diverged(self, message: str) -> bool:
        """The loss is no longer a number. Return True to end training quietly instead of raising an error."""
        return False

    def first_epoch(self) -> int | None:
        """Return the epoch that training continues from, counted from 0, if the callback found one when it began."""
        return None

    def wants_one_batch(self) -> bool:
        """Whether training is to stop after the next batch, this time: somebody is stepping through it."""
        return False

    def idle_seconds(self) -> float:
        """How long training has been paused in this callback at a person's request: not part of the training time."""
        return 0.0

    def watches(self, hook: str) -> bool:
        """Whether the callback does anything in that hook."""
        own = getattr(self, hook)
        return getattr(own, "__func__", own) is not getattr(Callback, hook)

    def state(self) -> dict[str, Any]:
        """Return what the callback has to remember for a run to be resumed, as plain JSON values."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned: the next training continues from there."""
