"""Several callbacks, called one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.training.callbacks.base import Callback, Logs
from convoscope.training.progress import Progress

_TRAIN_BATCH = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
_TEST_BATCH = ("on_test_batch_begin", "on_test_batch_end")
_PREDICT_BATCH = ("on_predict_batch_begin", "on_predict_batch_end")


class CallbackList(Callback):
    """Several callbacks, called in order. All of them get the same logs.

    Parameters
    ----------
    callbacks : Callback, sequence of Callback, or None
    model
        The model that they are given.
    params : mapping
        ``verbose``, ``epochs``, ``steps``.

    Examples
    --------
    >>> from convoscope import Sequential
    >>> from convoscope.training.callbacks.history import History
    >>> history = History()
    >>> callbacks = CallbackList([history], model=Sequential())
    >>> callbacks.on_train_begin()
    >>> callbacks.on_epoch_end(0, {"loss": 0.5})
    >>> history.history
    {'loss': [0.5]}
    """

    def __init__(self, callbacks: Any = None, model: Any = None, params: Mapping[str, Any] | None = None) -> None:
        self.callbacks = as_list(callbacks)
        self.set_model(model)
        self.set_params(params or {})

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: Mapping[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def watches(self, hook: str) -> bool:
        return any(callback.watches(hook) for callback in self.callbacks)

    def first_epoch(self) -> int | None:
        found = [epoch for epoch in (callback.first_epoch() for callback in self.callbacks) if epoch is not None]
        return found[0] if found else None

    def wants_one_batch(self) -> bool:
        return any(callback.wants_one_batch() for callback in self.callbacks)

    def idle_seconds(self) -> float:
        return sum(callback.idle_seconds() for callback in self.callbacks)

    @property
    def watches_train_batches(self) -> bool:
        """Whether training has to stop after every batch."""
        return any(map(self.watches, _TRAIN_BATCH))

    @property
    def watches_test_batches(self) -> bool:
        """Whether an evaluation has to stop after every batch."""
        return any(map(self.watches, _TEST_BATCH))

    @property
    def watches_predict_batches(self) -> bool:
        """Whether a prediction has to stop after every batch."""
        return any(map(self.watches, _PREDICT_BATCH))

    def on_train_begin(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_begin(logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_end(logs or {})

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_test_begin(logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_test_end(logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_test_batch_begin(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_test_batch_end(batch, logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_predict_begin(logs or {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_predict_end(logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_predict_batch_begin(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_predict_batch_end(batch, logs)

    def on_progress(self, progress: Progress) -> None:
        for callback in self.callbacks:
            callback.on_progress(progress)

    def on_diverged(self, message: str) -> bool:
        # Everyone is told, so no short cut by any().
        return True in [callback.on_diverged(message) for callback in self.callbacks]


def as_list(callbacks: Any) -> list[Callback]:
    """Return callbacks as a list, or say which of them is none."""
    if callbacks is None:
        return []
    given = _flat(callbacks)
    for callback in given:
        if isinstance(callback, type):
            name = callback.__name__
            raise ConfigurationError(f"A callback is an object, but {name} is a class. Write {name}().")
        if not isinstance(callback, Callback):
            raise ConfigurationError(
                f"{callback!r} (a {type(callback).__name__}) is not a callback: derive its class from "
                "callbacks.Callback."
            )
    return given


def _flat(given: Any) -> list[Any]:
    """Return what stands in a sequence, and in those within it, in order."""
    is_list = isinstance(given, Sequence) and not isinstance(given, (str, bytes))
    return [each for part in given for each in _flat(part)] if is_list else [given]
