"""One machine's part in a study: runs are claimed, trained in processes of their own, and told to the study.

The training processes know nothing of the study, so they train on while its storage cannot be reached.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from convoscope.errors import ConvoscopeError, StorageError
from convoscope.experiments import failure
from convoscope.experiments.claims import Claims, Timing, host_of
from convoscope.experiments.grid import why
from convoscope.experiments.outcomes import write
from convoscope.experiments.places import Place
from convoscope.experiments.plan import Experiment
from convoscope.experiments.processes import Ended, end, start, stop
from convoscope.experiments.results import FINISHED, Result, read
from convoscope.experiments.storages import ClaimLostError, UnreachableError
from convoscope.experiments.work import Task, Work
from convoscope.wording import agreeing, counted

_WORKER = "convoscope.experiments.worker"
_POLL = 0.03
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds between two tries to reach a storage
_GIVE_UP = 600.0  # seconds for which a storage may be away when nothing is being trained any more

Told = Callable[[str], None]
"""Called with a sentence about what has happened."""
Trained = Callable[[Task, Result], None]
"""Called with a run of this machine that has come to an end."""


@dataclass
class _Training:
    task: Task
    process: subprocess.Popen[str]
    told: int = 0  # epochs that the study knows
    ended: Ended | None = None
    hopeless: bool = False


@dataclass
class Crew:
    """The runs of one machine.

    Parameters
    ----------
    claims : Claims
    work : Work
    experiment : Experiment
        This machine's folder.
    where : Place
        For messages.
    at_once : int
        How many runs are trained at a time.
    timing : Timing
    told, trained : callable, optional
        See `Told` and `Trained`.
    """

    claims: Claims
    work: Work
    experiment: Experiment
    where: Place
    at_once: int
    timing: Timing
    told: Told = lambda sentence: None
    trained: Trained = lambda task, result: None
    _trainings: list[_Training] = field(default_factory=list)
    _next_beat: float = 0.0
    _next_look: float = 0.0
    _away_since: float | None = None
    _pause: float = _FIRST_PAUSE
    _next_try: float = 0.0
    _idle: bool = False

    def run(self, seconds: float = float("inf")) -> None:
        """Train until all is done, on all machines, or until the time is up.

        Raises
        ------
        KeyboardInterrupt
            After what was being trained was given back.
        StorageError
            This machine's disk is full, or the storage stayed away.
        """
        until = time.monotonic() + seconds
        with _sigterm_as_ctrl_c():
            try:
                while time.monotonic() < until:
                    for training in self._trainings:
                        if training.ended is None and training.process.poll() is not None:
                            training.ended = end(training.process)
                    if time.monotonic() >= self._next_try and self._exchanged():
                        return
                    time.sleep(_POLL)
            finally:
                self._leave()

    def _exchanged(self) -> bool:
        """Talk to the study, if it can be reached, and say whether all is done."""
        try:
            over = self._exchange()
        except UnreachableError as error:
            self._stay_away(str(error))
            return False
        if self._away_since is not None:
            self.told(f"{self.where.shown} is back.")
            self._away_since, self._pause = None, _FIRST_PAUSE
        return over

    def _exchange(self) -> bool:
        self._conclude()
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + self.timing.beat
            self._beat()
        if now < self._next_look:
            return False
        self._next_look = now + self.timing.look
        self._report()
        for trial in self.claims.look_for_lost():
            run = trial.user_attrs.get("run", f"trial {trial.number}")
            self.told(
                f"Lost: {run}. Its worker on {host_of(trial)} stopped responding; the next free worker takes over the "
                "run."
            )
        self.work.prepare()
        while len(self._trainings) < self.at_once and (task := self.work.next()) is not None:
            words = (str(self.experiment.path), task.name, _json(task))
            self._trainings.append(_Training(task, start(_WORKER, words)))
            self._idle = False
        return not self._trainings and self._nothing_left()

    def _nothing_left(self) -> bool:
        if self.work.is_over():
            return True
        if not self._idle:
            self._idle = True
            running = self.work.count().running
            self.told(
                f"No runs are left to start. Waiting for {counted(running, 'run')} on other machines, to take "
                f"{agreeing(running, 'it', 'them')} over if a machine is lost. Press Ctrl-C to leave."
            )
        return False

    def _beat(self) -> None:
        for training in list(self._trainings):
            try:
                self.claims.beat(training.task.trial_id)
            except ClaimLostError:
                self._give_up(training)

    def _report(self) -> None:
        """Tell the study of new epochs, and stop what is hopeless."""
        for training in list(self._trainings):
            accuracies = self._accuracies(training)
            try:
                if accuracies and self.work.report(training.task, accuracies) and training.ended is None:
                    training.hopeless = True
                    stop([training.process])
                    training.ended = Ended(failure.INTERRUPTED, "")
            except ClaimLostError:
                self._give_up(training)
                continue
            training.told += len(accuracies)

    def _accuracies(self, training: _Training) -> dict[int, float]:
        folder = self.experiment.folder(training.task.name)
        if not folder.history.is_file():
            return {}
        with suppress(ConvoscopeError):  # which becomes the run's reason in the end
            epochs = folder.read_history()[training.told :]
            return {epoch["epoch"] - 1: epoch["val_accuracy"] for epoch in epochs if "val_accuracy" in epoch}
        return {}

    def _conclude(self) -> None:
        """Write down what came of the runs that have ended; each stays in the list until that is done."""
        for training in [each for each in self._trainings if each.ended is not None]:
            try:
                result = self._tell(training, training.ended or Ended(failure.INTERRUPTED, ""))
            except ClaimLostError:
                self._give_up(training)
                continue
            self._trainings.remove(training)
            self._next_look = 0.0
            if result is not None:
                with suppress(UnreachableError):  # it only asks how many are done
                    self.trained(training.task, result)

    def _tell(self, training: _Training, ended: Ended) -> Result | None:
        """Tell the study what came of a run, and return it if it is one to show."""
        task = training.task
        folder = self.experiment.folder(task.name)
        if ended.status == failure.NO_ROOM:
            raise StorageError(
                f"{ended.message.rstrip()} Finished runs of this machine are saved, and its unfinished runs were "
                "returned to the study. Free some space, then run the same command again."
            )
        if ended.status in (failure.INTERRUPTED, -signal.SIGINT) and not training.hopeless:
            raise KeyboardInterrupt
        if ended.status not in (failure.DONE, failure.INTERRUPTED) and not failure.is_recorded(folder):
            failure.record(folder, why(ended), again=True)
        result = read(folder)
        if result.state == FINISHED or training.hopeless or failure.is_final(folder):
            self.work.finish(task, result, hopeless=training.hopeless)
            return None if training.hopeless else result
        reason = result.reason or f"It ended without a result: {ended.message or 'no message'}"
        self.claims.lose(task.trial_id, reason)
        self.told(f"{task.name} did not finish here and is queued again: {reason}")
        return None

    def _give_up(self, training: _Training) -> None:
        """Leave a run that another worker has taken up; its process ends, and what it wrote stays."""
        stop([training.process])
        self._trainings.remove(training)
        self.told(
            f"{training.task.name} was given to another worker, because this machine did not respond for too long "
            "(asleep or offline). Only the other worker's result counts."
        )

    def _stay_away(self, reason: str) -> None:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            self.told(
                f"{self.where.shown} cannot be reached ({reason}). Training continues; results are stored here "
                "meanwhile."
            )
        at_work = any(training.ended is None for training in self._trainings)
        if at_work:
            self._away_since = now
        elif now - self._away_since > _GIVE_UP:
            raise StorageError(
                f"{self.where.shown} has not been reachable for {_GIVE_UP / 60:g} minutes: {reason}. The runs of this "
                f"machine are saved in {self.experiment}. When it is back, run the same command again."
            )
        self._next_try = now + self._pause
        self._next_look = self._next_beat = 0.0  # what tells whether it is back
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _leave(self) -> None:
        """Give back what is being trained, so that others can take it at once, and end the processes."""
        with suppress(UnreachableError):
            for training in self._trainings:
                self.claims.release(training.task.trial_id)
        stop([training.process for training in self._trainings if training.ended is None])
        with suppress(UnreachableError, StorageError):
            write(self.experiment.study, self.work.results())


def _json(task: Task) -> str:
    import json

    return json.dumps(task.settings.as_dict())


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Let a batch system's SIGTERM end a worker as Ctrl-C does; only the main thread can be told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
