"""A training that another thread watches and steers while it runs: paused, batch by batch, at another rate, ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from convoscope.checks import flag, real
from convoscope.errors import ConfigurationError
from convoscope.processes import world
from convoscope.training.callbacks.base import Callback, Logs
from convoscope.training.callbacks.live_status import LiveStatus, RateChange
from convoscope.training.progress import Progress
from convoscope.training.schedules import Scaled

_LOOKS_APART = 0.25  # seconds, while training is paused
_TOLD_CHANGES = 50
_FASTEST = 1000.0  # batches a second that a pace may ask for


class LiveControl(Callback):
    """Watch and control training from other threads, while ``fit`` runs in its own.

    `convoscope.callbacks.LivePage` is a page for it. It is called about ten times a second, however long batches take,
    so its cost is negligible. Requests take effect between two batches. Unless somebody changes the learning rate or
    stops training, the weights are the same as without it, bit for bit.

    Parameters
    ----------
    paused : bool
        Whether training waits before its first batch.
    patience : float or None
        After how many seconds without a call of `status` a paused training resumes by itself. None waits forever, or
        for Ctrl-C.
    say : callable
        Called with a sentence when training is paused or resumed, or its rate changes.

    Attributes
    ----------
    changes : list of RateChange
        The changes of the learning rate, in order.

    Notes
    -----
    If several processes train together, training cannot be controlled, and `refusal` says so; watching is possible.

    Examples
    --------
    >>> import threading
    >>> import numpy as np
    >>> import convoscope as cs
    >>> x, y = np.random.default_rng(0).random((64, 3)), np.arange(64) % 2
    >>> model = cs.Sequential([cs.layers.Dense(2, activation="softmax", input_shape=(3,))], seed=1)
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> control = cs.callbacks.LiveControl(paused=True)
    >>> thread = threading.Thread(target=lambda: model.fit(x, y, epochs=2, verbose=0, callbacks=[control]))
    >>> thread.start()
    >>> control.set_rate(0.5)
    >>> control.resume()
    >>> thread.join()
    >>> control.changes
    [RateChange(epoch=1, batch=0, before=0.01, after=0.5, factor=None)]
    """

    def __init__(
        self, *, paused: bool = False, patience: float | None = 60.0, say: Callable[[str], None] | None = None
    ) -> None:
        super().__init__()
        where = type(self).__name__
        self._changed = threading.Condition()
        self._paused = flag(paused, "paused", where)
        self._patience = None if patience is None else real(patience, "patience", where)
        self._say = say or (lambda _: None)
        self.changes: list[RateChange] = []
        self._granted = 0  # batches that may be trained though training is paused
        self._is_stepping = False  # one of them is under way
        self._is_standing = False  # training waits, and no batch is under way
        self._pace: float | None = None
        self._stopping = False
        self._wished: Callable[[], None] | None = None  # the change of the rate that is due
        self._idle = 0.0
        self._heard = time.monotonic()
        self._version = 0
        self._known = LiveStatus()
        self._has_said = False  # that it is paused

    # ---- what other threads ask for

    @property
    def refusal(self) -> str:
        """Why training cannot be controlled; empty if it can."""
        if world().size == 1:
            return ""
        return "Training cannot be paused, changed or stopped from here, because several processes train together."

    @property
    def is_paused(self) -> bool:
        """Whether training waits for somebody to resume it."""
        return self._paused

    def pause(self) -> None:
        """Pause training after the current batch, or after the next tenth of a second if batches are quick."""
        with self._steering():
            self._paused, self._granted = True, 0

    def resume(self) -> None:
        """Resume training that is paused."""
        with self._steering():
            self._paused, self._granted = False, 0

    def one_batch(self) -> None:
        """Train one more batch, and pause."""
        with self._steering():
            self._granted = self._granted + 1 if self._paused else 0
            self._paused = True

    def set_pace(self, batches: float | None) -> None:
        """Train at most this many batches per second, so that each can be seen; None is as fast as possible."""
        pace = None if batches is None else real(batches, "batches", "set_pace")
        if pace is not None and not 0 < pace <= _FASTEST:
            raise ConfigurationError(
                f"set_pace takes batches a second, above 0 and up to {_FASTEST:g}, or None, but got {batches!r}."
            )
        with self._steering():
            self._pace = pace

    def set_rate(self, rate: float) -> None:
        """Train with another learning rate from the next batch on.

        Raises
        ------
        ConfigurationError
            It is below 0, or the rate follows a schedule: `scale_rate` changes that.
        """
        value = self._positive(rate, "set_rate")
        if self._schedule() is not None:
            raise ConfigurationError("The learning rate follows a schedule: give a factor for its rates.")
        self._wish(lambda: self._apply_rate(value))

    def scale_rate(self, factor: float) -> None:
        """Multiply the rates of the schedule that the optimizer has, from the next batch on; 1 is as it was.

        Raises
        ------
        ConfigurationError
            It is below 0, or the rate is a number: `set_rate` changes that.
        """
        value = self._positive(factor, "scale_rate")
        if self.model is not None and self._schedule() is None:
            raise ConfigurationError("The learning rate is constant: give a learning rate, not a factor.")
        self._wish(lambda: self._apply_factor(value))

    def stop(self) -> None:
        """End training after the batch that is under way: ``fit`` returns then."""
        with self._steering():
            self._stopping, self._paused, self._granted = True, False, 0

    def status(self, after: int = -1, seconds: float = 0.0) -> dict[str, Any]:
        """Say how training stands, as plain JSON values.

        Parameters
        ----------
        after : int
            The ``version`` that is known: the answer waits for a newer one,
        seconds : float
            but no longer than this.

        Returns
        -------
        dict
            ``version``; ``stage`` ("waiting", "train", "evaluate" or "ended"); ``epoch``, ``epochs``, ``batch``,
            ``batches``, ``images``, ``of`` (images of this epoch); ``rate`` (images a second), ``left`` (seconds of
            this epoch); ``loss`` (mean over the epoch so far); ``curve`` ([batches since the beginning, mean loss of
            the stretch that ended there]); ``learning_rate``, ``factor`` (of a schedule, else None), ``changes``;
            ``paused``, ``standing`` (whether no batch is under way any more), ``pace``, ``stopping``, ``refusal``.
        """
        with self._changed:
            self._heard = time.monotonic()
            self._changed.wait_for(lambda: self._version != after, timeout=seconds)
            self._heard = time.monotonic()
            return self._told()

    def position_of(self, step: int) -> dict[str, int]:
        """Return the epoch, from 1, and the number of its batches after which the model had taken this many steps."""
        with self._changed:
            return self._known.position_of(step)

    def changes_in(self, epoch: int) -> list[dict[str, Any]]:
        """Return how the learning rate was changed in an epoch, counted from 1, as plain JSON values."""
        return [change.as_dict() for change in self.changes if change.epoch == epoch]

    # ---- what training does

    def wants_one_batch(self) -> bool:
        return self._paused or self._pace is not None or self._stopping

    def idle_seconds(self) -> float:
        return self._idle

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._stopping, self._is_stepping, self._has_said = False, False, False
        if self.refusal:
            self._paused, self._pace = False, None
        self.changes, self._known = [], LiveStatus()
        self._enter("waiting")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        with self._changed:
            # An optimizer that was kept without its model knows of more steps than a model that was made anew.
            self._known.begin(epoch + 1, max(int(self.model.draws.steps), int(self.model.optimizer.iterations)))
            self._note()
        if not self._is_stepping:  # else the batch that was asked for has not come yet
            self._hold(None)

    def on_progress(self, progress: Progress) -> None:
        if progress.stage != "train":
            return
        self._is_stepping = False
        with self._changed:
            self._known.hear(progress)
            self._note()
        self._hold(self._pace)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._enter("evaluate")

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._enter("train")

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._enter("ended")

    def _hold(self, pace: float | None) -> None:
        """Do what was wished for, and wait as long as training is paused, or as its pace wants."""
        if not (self._paused or pace or self._stopping or self._wished):
            return
        began = time.monotonic()
        with self._changed:
            while not self._stopping:
                if self._wished is not None:
                    wished, self._wished = self._wished, None
                    wished()
                    self._note()
                elif self._paused and not self._granted:
                    self._wait_paused()
                elif not self._paused and pace and (left := began + 1 / pace - time.monotonic()) > 0:
                    self._changed.wait(min(left, _LOOKS_APART))
                else:
                    break
            self._stand(False)
            if self._paused:
                self._granted, self._is_stepping = max(0, self._granted - 1), True
            else:
                self._has_said = False
        self._idle += time.monotonic() - began
        if self._stopping:
            self.ends()

    def _wait_paused(self) -> None:
        """Wait a moment; say so the first time. Called within the lock, which is open meanwhile."""
        self._stand(True)
        if not self._has_said:
            self._has_said = True
            self._heard = time.monotonic()  # whoever opens a page has time for it from now on
            more = "" if self._patience is None else f" If no page is open for {self._patience:g} seconds, it resumes."
            self._say(f"Training is paused. Resume it from the page, or press Ctrl-C here to stop.{more}")
        if self._patience is not None and time.monotonic() - self._heard > self._patience:
            self._paused = False
            self._note()
            self._say(f"No page has been open for {self._patience:g} seconds: training resumes.")
        else:
            self._changed.wait(_LOOKS_APART)

    def ends(self) -> None:
        """End training, as somebody wishes: called between two batches."""
        self.model.stop_training = True

    # ---- inside

    def _steering(self) -> _Steering:
        if self.refusal:
            raise ConfigurationError(self.refusal)
        return _Steering(self._changed, self._note)

    def _wish(self, change: Callable[[], None]) -> None:
        with self._steering():
            self._wished = change

    def _note(self) -> None:
        """Let those who wait for something new have it. Called within the lock."""
        self._version += 1
        self._changed.notify_all()

    def _stand(self, is_standing: bool) -> None:
        if self._is_standing != is_standing:
            self._is_standing = is_standing
            self._note()

    def _enter(self, stage: str) -> None:
        with self._changed:
            self._known.stage = stage
            self._note()

    def _schedule(self) -> Any:
        return None if self.model is None else self.model.optimizer.schedule

    def _positive(self, value: float, where: str) -> float:
        found = real(value, "the value", where)
        if found < 0:
            raise ConfigurationError(f"{where} takes a number of at least 0, but got {value!r}.")
        return found

    def _apply_rate(self, rate: float) -> None:
        optimizer = self.model.optimizer
        before = float(optimizer.learning_rate)
        optimizer.learning_rate = rate
        self._changed_rate(before, None)

    def _apply_factor(self, factor: float) -> None:
        optimizer = self.model.optimizer
        before, schedule = float(optimizer.learning_rate), optimizer.schedule
        own = schedule.schedule if isinstance(schedule, Scaled) else schedule
        optimizer.learning_rate = own if factor == 1 else Scaled(own, factor)
        self._changed_rate(before, factor)

    def _changed_rate(self, before: float, factor: float | None) -> None:
        after = float(self.model.optimizer.learning_rate)
        change = RateChange(self._known.epoch, self._known.batch, before, after, factor)
        self.changes.append(change)
        self._say(f"Learning rate changed in {change}.")

    def _told(self) -> dict[str, Any]:
        optimizer = None if self.model is None else self.model.optimizer
        schedule = None if optimizer is None else optimizer.schedule
        factor = schedule.factor if isinstance(schedule, Scaled) else 1.0
        return {
            "version": self._version,
            "epochs": self.params.get("epochs"),
            "batches": self.params.get("steps"),
            **self._known.told(),
            "learning_rate": None if optimizer is None else float(optimizer.learning_rate),
            "factor": None if schedule is None else factor,
            "changes": [{"epoch": each.epoch, **each.as_dict()} for each in self.changes[-_TOLD_CHANGES:]],
            "paused": self._paused,
            "standing": self._is_standing,
            "pace": self._pace,
            "stopping": self._stopping,
            "refusal": self.refusal,
        }


class _Steering:
    """Within it wishes are changed; then whoever waits hears of them."""

    def __init__(self, lock: threading.Condition, note: Callable[[], None]) -> None:
        self._lock, self._note = lock, note

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._note()
        self._lock.release()
