"""The base of all callbacks."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from convoscope.training.progress import Progress

Logs = MutableMapping[str, float]


class Callback:
    """What happens beside training: override the hooks that matter.

    Attributes
    ----------
    model
        The model that runs. ``self.model.stop_training = True`` ends training after the running batch or epoch.
    params : dict
        ``verbose``, ``epochs`` and ``steps`` (batches an epoch).

    Notes
    -----
    Overriding a batch hook makes the engine stop after every batch, which costs speed; `on_progress` comes about ten
    times a second, whatever the batches, and is free.

    A callback whose behaviour depends on what it has seen says so by `state`, as plain JSON values, and takes it up
    again by `restore`, so that a resumed run goes on as if it had never been stopped.

    Examples
    --------
    >>> class Goal(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         if logs["accuracy"] > 0.95:
    ...             self.model.stop_training = True
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
        """The loss is no longer a number. Return True to end training quietly, in place of an error."""
        return False

    def first_epoch(self) -> int | None:
        """Return the epoch that training goes on from, counted from 0, if the callback has found one as it began."""
        return None

    def watches(self, hook: str) -> bool:
        """Whether the callback does anything in that hook."""
        own = getattr(self, hook)
        return getattr(own, "__func__", own) is not getattr(Callback, hook)

    def state(self) -> dict[str, Any]:
        """Return what the callback has to remember for a run to be resumed, as plain JSON values."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` returned: the next training goes on from there."""
