"""A study's trials: each run is claimed by one worker at a time, and one whose worker is lost is queued again.

A run is a trial in Optuna's storage, and the storage decides who has it: only one worker can make a waiting trial a
running one. A running trial has a counter that its worker raises every few seconds. Whoever sees the same count for
long, by its own clock, ends the trial as lost and queues the run again as another trial: clocks need not agree, and a
worker that was only asleep finds its trial ended, for what is ended cannot be changed. If two workers queue the same
run at once, the trial with the lower number counts.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from convoscope.experiments.contents import is_folders_name
from convoscope.experiments.outcomes import outcome
from convoscope.experiments.places import Place
from convoscope.experiments.results import FAILED, FINISHED, Result
from convoscope.experiments.storages import ClaimLostError, calling

_T = TypeVar("_T")
# What is noted of a trial.
_OF, RUN, _POINT, _CLAIM, _BEAT = "experiment", "run", "point", "claim", "heartbeat"
OUTCOME, _LOST, _TWIN = "outcome", "lost", "same_as"
ATTEMPTS = 5  # workers that may be lost with a run before it counts as failed


@dataclass(frozen=True)
class Timing:
    """Seconds: between two heartbeats, until a silent worker counts as lost, and between two looks at the study."""

    beat: float = 15.0
    lost: float = 90.0
    look: float = 3.0


USUAL = Timing()


class Claims:
    """The trials of a study, as one worker sees and changes them.

    Parameters
    ----------
    kept : optuna.Study
    where : Place
    digest : str
        Of the experiment's fingerprint: trials of another one that has the same study's name are not seen.
    timing : Timing
    """

    def __init__(self, kept: Any, where: Place, digest: str, timing: Timing) -> None:
        self.kept = kept
        self._storage = kept._storage
        self._where = where
        self._digest = digest
        self._timing = timing
        self._beats: dict[int, int] = {}  # of each trial that is ours
        self._seen: dict[int, tuple[Any, float]] = {}  # of each of the others: its count, and since when it is so
        self._looked = time.monotonic()

    def trials(self) -> list[Any]:
        """Return all trials of this experiment but twins, by number."""
        found = self._call(lambda: self.kept.get_trials(deepcopy=False))
        return [each for each in found if self._is_ours(each) and _TWIN not in each.user_attrs]

    def queue(self, runs: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Queue runs that no trial is for, or whose trials were all lost, unless too many were."""
        by_run = self.by_run()
        for name, point in runs:
            trials = by_run.get(name, [])
            if standing(trials) is None and len(trials) < ATTEMPTS:
                self._add({_OF: self._digest, RUN: name, _POINT: dict(point)}, {})

    def by_run(self) -> dict[str, list[Any]]:
        """Return the trials of each run, by number."""
        found: dict[str, list[Any]] = {}
        for trial in self.trials():
            if RUN in trial.user_attrs:
                found.setdefault(trial.user_attrs[RUN], []).append(trial)
        return found

    def claim(
        self, begun: Callable[[str], bool] = lambda name: False, known: Callable[[str], bool] = lambda name: True
    ) -> Any | None:
        """Take a waiting trial that nobody else has, or return None if there is none.

        Parameters
        ----------
        begun : callable
            Says of a run's name whether it was begun on this machine: those come first, then the lowest number.
        known : callable
            Says of a run's name whether there is such a run.
        """
        from optuna.trial import TrialState

        named = [each for each in self.trials() if RUN in each.user_attrs and known(each.user_attrs[RUN])]
        waiting = [each for each in named if each.state == TrialState.WAITING]
        for trial in sorted(waiting, key=lambda each: not begun(each.user_attrs[RUN])):
            try:
                if not self._state(trial._trial_id, TrialState.RUNNING):
                    continue
            except ClaimLostError:
                continue
            first = standing(self.by_run().get(trial.user_attrs[RUN], []))
            if first is not None and first.number < trial.number:
                self._note(trial._trial_id, _TWIN, first.number)
                self._state(trial._trial_id, TrialState.FAIL)
                continue
            self.hold(trial._trial_id)
            return trial
        return None

    def hold(self, trial_id: int) -> None:
        """Write down who has a trial, and begin its heartbeat."""
        self._note(trial_id, _CLAIM, {"host": socket.gethostname(), "pid": os.getpid()})
        self._beats[trial_id] = 0

    def name(self, trial_id: int, run: str) -> None:
        """Write down which run a trial is for that was not queued with a name."""
        self._note(trial_id, _OF, self._digest)
        self._note(trial_id, RUN, run)

    def beat(self, trial_id: int) -> None:
        """Say that a trial's worker is alive; ClaimLostError if somebody has ended it."""
        self._beats[trial_id] = self._beats.get(trial_id, 0) + 1
        self._note(trial_id, _BEAT, self._beats[trial_id])

    def report(self, trial_id: int, accuracies: Mapping[int, float]) -> None:
        """Write down the accuracy in validation after epochs, counted from 0."""
        for epoch, accuracy in accuracies.items():
            self._call(
                lambda epoch=epoch, accuracy=accuracy: self._storage.set_trial_intermediate_value(  # type: ignore[misc]
                    trial_id, epoch, accuracy
                )
            )

    def is_hopeless(self, trial_id: int) -> bool:
        """Say whether a search's run is so far behind the others that it is not worth going on with."""
        trial = self._call(lambda: self._storage.get_trial(trial_id))
        return bool(self._call(lambda: self.kept.pruner.prune(self.kept, trial)))

    def finish(self, trial_id: int, result: Result, *, hopeless: bool = False) -> None:
        """Write down what came of a run: once, whoever else may think that it has it.

        Raises
        ------
        ClaimLostError
            Another worker has taken it up: this result does not count.
        """
        self._note(trial_id, OUTCOME, outcome(result))
        with suppress(ClaimLostError):  # by now: the outcome counts, and whoever took it up sees it
            self._end(trial_id, result.state, result.figures.get("val_accuracy"), hopeless)
        self._forget(trial_id)

    def lose(self, trial_id: int, reason: str) -> None:
        """End a trial whose worker is lost, and queue its run again; what it had already found counts.

        Raises
        ------
        ClaimLostError
            Somebody has ended it before.
        """
        from optuna.trial import TrialState

        trial = self._call(lambda: self._storage.get_trial(trial_id))
        told = trial.user_attrs.get(OUTCOME)
        if isinstance(told, dict) and told.get("state") in (FINISHED, FAILED):  # it died in between
            figures = told.get("figures")
            value = figures.get("val_accuracy") if isinstance(figures, dict) else None
            self._end(trial_id, told["state"], value if isinstance(value, float) else None, False)
            return
        self._note(trial_id, _LOST, reason)
        self._state(trial_id, TrialState.FAIL)
        self._forget(trial_id)
        if RUN not in trial.user_attrs:  # it had not even begun
            return
        trials = self.by_run().get(trial.user_attrs[RUN], [])
        if standing(trials) is None and len(trials) < ATTEMPTS:
            kept = {name: trial.user_attrs[name] for name in (_OF, RUN, _POINT) if name in trial.user_attrs}
            fixed = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
            self._add(kept, {"fixed_params": fixed} if fixed else {})

    def release(self, trial_id: int) -> None:
        """Give a trial back, for anybody to take; nothing if it is no longer ours."""
        from optuna.trial import TrialState

        self._forget(trial_id)
        with suppress(ClaimLostError):
            self._state(trial_id, TrialState.WAITING)

    def look_for_lost(self) -> list[Any]:
        """Queue the runs again whose workers were not heard of for long, and return the trials that they had."""
        now = time.monotonic()
        if now - self._looked > self._timing.lost / 2:  # this machine itself was asleep, or had no connection
            self._seen.clear()
        self._looked = now
        running = {each._trial_id: each for each in self.trials() if each.state.name == "RUNNING"}
        self._seen = {trial_id: seen for trial_id, seen in self._seen.items() if trial_id in running}
        lost = []
        for trial_id, trial in running.items():
            count = [trial.user_attrs.get(_CLAIM), trial.user_attrs.get(_BEAT)]
            before, since = self._seen.get(trial_id, (None, now))
            if before != count:
                self._seen[trial_id] = (count, now)
            elif now - since > self._timing.lost and trial_id not in self._beats:
                with suppress(ClaimLostError):
                    self.lose(
                        trial_id, f"Its worker on {host_of(trial)} did not respond for {now - since:.0f} seconds."
                    )
                    lost.append(trial)
        return lost

    def enqueue(self, name: str, drawn: Mapping[str, Any]) -> None:
        """Queue a run of a search with values that are not to be drawn."""
        self._add({_OF: self._digest, RUN: name}, {"fixed_params": dict(drawn)})

    def _add(self, user: dict[str, Any], system: dict[str, Any]) -> None:
        from optuna.trial import TrialState, create_trial

        trial = create_trial(state=TrialState.WAITING, user_attrs=user, system_attrs=system)
        self._call(lambda: self.kept.add_trial(trial))

    def _end(self, trial_id: int, state: str, value: float | None, hopeless: bool) -> None:
        from optuna.trial import TrialState

        if state == FINISHED and value is not None:
            self._state(trial_id, TrialState.COMPLETE, [value])
        else:
            self._state(trial_id, TrialState.PRUNED if hopeless else TrialState.FAIL)

    def _forget(self, trial_id: int) -> None:
        self._beats.pop(trial_id, None)

    def _is_ours(self, trial: Any) -> bool:
        named = RUN not in trial.user_attrs or is_folders_name(trial.user_attrs[RUN])  # others may write to the storage
        return named and bool(trial.user_attrs.get(_OF, self._digest) == self._digest)

    def _state(self, trial_id: int, state: Any, values: list[float] | None = None) -> bool:
        return bool(self._call(lambda: self._storage.set_trial_state_values(trial_id, state=state, values=values)))

    def _note(self, trial_id: int, name: str, value: Any) -> None:
        self._call(lambda: self._storage.set_trial_user_attr(trial_id, name, value))

    def _call(self, act: Callable[[], _T]) -> _T:
        return calling(self._where, act)


def standing(trials: list[Any]) -> Any | None:
    """Return the trial that stands for a run: the first that is waiting, running or ended with an outcome."""
    return next((each for each in trials if not each.state.is_finished() or is_settled(each)), None)


def is_settled(trial: Any) -> bool:
    """Say whether a trial came to an end that counts."""
    return bool(trial.state.is_finished() and (trial.state.name != "FAIL" or OUTCOME in trial.user_attrs))


def was_lost(trial: Any) -> bool:
    """Say whether a trial was ended because its worker was lost."""
    return trial.state.name == "FAIL" and not is_settled(trial)


def why_lost(trial: Any) -> str:
    """Return why a trial was queued again."""
    return str(trial.user_attrs.get(_LOST, "Its worker was lost."))


def host_of(trial: Any) -> str:
    """Return the machine that has or had a trial."""
    claim = trial.user_attrs.get(_CLAIM)
    return str(claim.get("host", "another machine")) if isinstance(claim, dict) else "another machine"
