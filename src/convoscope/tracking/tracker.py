"""What all trackers do: collect what there is to say, and never stop training."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from convoscope.errors import ConfigurationError, ConvoscopeWarning
from convoscope.tracking.describe import described
from convoscope.tracking.findings import Findings, find
from convoscope.tracking.machine import Machine
from convoscope.training.callbacks.base import Callback, Logs
from convoscope.training.progress import numbers_in
from convoscope.wording import installing

_LONGEST = 300  # of a library's message


class Tracker(Callback):
    """The base of all trackers: a subclass defines how its library records a run.

    Parameters
    ----------
    hyperparameters : mapping of str to value, optional
        Recorded in addition to the model's optimizer, loss and layers.
    test_data : (x, y), optional
        Images, and their class numbers or one-hot rows: after training, the confusion matrix and sample predictions
        come from them.

    Attributes
    ----------
    waits : bool
        Whether a report follows after training, by `conclude`; whoever sets it calls `close` in the end.

    Notes
    -----
    Steps are epochs, counted from 0 as Keras does. ``system/seconds``, ``system/cpu_percent`` (of one core: 200 is two
    busy cores) and, but for Windows, ``system/peak_memory_mb`` are of this process.

    Only numbers in the logs are written.

    If the tracker's library raises an error, training continues without the tracker, and a warning says so once.
    """

    #: What ``pip install 'convoscope[...]'`` takes.
    extra = ""
    #: The library's name.
    title = ""
    #: The library's own switches, in force while it is called, as far as the person has not set them: without a
    #: word on the terminal, without news to its makers, and without waiting long for a server that is not there.
    switches: Mapping[str, str] = {}

    def __init__(self, hyperparameters: Mapping[str, Any] | None = None, test_data: Any = None) -> None:
        super().__init__()
        if hyperparameters is not None and not isinstance(hyperparameters, Mapping):
            raise ConfigurationError(
                f"{type(self).__name__}: hyperparameters must be a dict of names and values, not {hyperparameters!r}."
            )
        self.hyperparameters = dict(hyperparameters or {})
        self.test_data = test_data
        self.waits = False
        self._works = True
        self._is_open = False
        self._epoch = 0
        self._machine = Machine()

    # ---- what a subclass says

    def begin(self, hyperparameters: Mapping[str, Any]) -> None:
        """Begin a run, or go on with the one that `restore` told of."""
        raise NotImplementedError

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Write an epoch's figures."""
        raise NotImplementedError

    def write_findings(self, epoch: int, findings: Findings) -> None:
        """Write what came of it."""
        raise NotImplementedError

    def end(self, whole: bool) -> None:
        """End the run; `whole` unless it was interrupted."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Let go of what is open, after something went wrong."""

    def how_to_look(self) -> str:
        """Return the command that shows what was written."""
        raise NotImplementedError

    # ---- what happens when

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin, with all hyperparameters."""
        self.close(whole=False)  # what an interruption may have left
        self._works, self._epoch = True, 0
        self._open()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._machine.begin()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch's figures."""
        self._epoch = epoch
        self._guarded(lambda: self.write(epoch, self._figures(logs)))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Write what came of it, and end, unless a report is to follow."""
        if self.test_data is not None:
            self._guarded(lambda: self.write_findings(self._epoch, find(self.model, *self.test_data)))
        if not self.waits:
            self.close()

    def conclude(self, model: Any, x: Any, y: Any, report: Mapping[str, Any]) -> None:
        """Write down a run's report.

        Parameters
        ----------
        model : Sequential
            The one that the report is about.
        x, y : array
            The images and labels that it was tested with.
        report : mapping
            From `convoscope.report.classification_report`.
        """
        self.model = model
        self._open()
        self._guarded(lambda: self.write_findings(self._epoch, find(model, x, y, report)))

    def close(self, *, whole: bool = True) -> None:
        """End the run, if it was begun. Safe to call again."""
        if self._is_open:
            self._is_open = False
            self._guarded(lambda: self.end(whole))

    @property
    def works(self) -> bool:
        """Whether nothing has gone wrong in this training so far."""
        return self._works

    # ---- how

    def closed(self) -> dict[str, Any]:
        """Return what takes the place of open files and connections in a copy of the tracker."""
        return {"_is_open": False}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, **self.closed()}

    def _figures(self, logs: Logs | None) -> dict[str, float]:
        """Return an epoch's figures: those of the logs that are numbers, the learning rate, and the machine's."""
        rate = float(self.model.optimizer.learning_rate)
        return {**numbers_in(logs), "learning_rate": rate, **self._machine.end()}

    def _open(self) -> None:
        if not self._is_open:
            self._guarded(lambda: self.begin({**described(self.model, self.params), **self.hyperparameters}))
            self._is_open = self._works

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do something that may go wrong in any way, without harm to training."""
        if not self._works:
            return
        try:
            with switched(self.switches), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                action()
        except Exception as error:  # whatever the library, its service or the disk comes up with
            self._works = False
            with suppress(Exception):
                self.abandon()
            warnings.warn(self._excuse(error), ConvoscopeWarning, stacklevel=3)

    def _excuse(self, error: Exception) -> str:
        if isinstance(error, ImportError):
            return (
                f"{self.title} is not installed, so training continues without it ({error}). Install it: "
                f"{installing(self.extra)}"
            )
        told = " ".join(str(error).split())
        told = told if len(told) <= _LONGEST else told[:_LONGEST] + "…"
        return f"{self.title} failed, and training continues without it: {type(error).__name__}: {told}"


@contextmanager
def switched(switches: Mapping[str, str]) -> Iterator[None]:
    """Set a library's variables in the environment for a while, but for those that the person has set."""
    new = {name: value for name, value in switches.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


def trackers_in(callbacks: Iterable[Callback]) -> list[Tracker]:
    """Return the trackers among callbacks."""
    return [callback for callback in callbacks if isinstance(callback, Tracker)]


@contextmanager
def kept_open(callbacks: Iterable[Callback]) -> Iterator[None]:
    """Keep the trackers among callbacks open after training, for its report, and end them with the ``with`` block."""
    trackers = trackers_in(callbacks)
    for each in trackers:
        each.waits = True
    whole = False
    try:
        yield
        whole = True
    finally:
        for each in trackers:
            each.waits = False
            each.close(whole=whole)
