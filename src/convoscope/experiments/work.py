"""What there is to train in a study: the cells of a grid, or what a search draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from convoscope.errors import ConvoscopeError
from convoscope.experiments.claims import ATTEMPTS, OUTCOME, RUN, Claims, is_settled, standing, was_lost, why_lost
from convoscope.experiments.drawing import Drawing, Values
from convoscope.experiments.outcomes import as_result
from convoscope.experiments.places import Place
from convoscope.experiments.plan import Experiment
from convoscope.experiments.results import BEGUN, FAILED, WAITING, Result
from convoscope.experiments.storages import calling
from convoscope.paths import is_there
from convoscope.runs import TrainSettings

_MOST_FAILURES = 10  # one after the other: then it is not chance


@dataclass(frozen=True)
class Task:
    """A run that is ours to train: its trial, its folder's name and its settings."""

    trial_id: int
    name: str
    settings: TrainSettings


@dataclass(frozen=True)
class Count:
    """How many runs are done, and how many are being trained, here and elsewhere; of how many, if that is known."""

    done: int
    running: int
    of: int | None


class Work(Protocol):
    """What a worker asks of it."""

    def prepare(self) -> None:
        """Queue what ought to be, and is not."""

    def next(self) -> Task | None:
        """Claim a run, or return None if there is none at this moment."""

    def is_over(self) -> bool:
        """Say whether all is done, on all machines."""

    def count(self) -> Count:
        """Count the runs."""

    def results(self) -> list[Result]:
        """Return what came of all runs, on all machines, in the same order everywhere."""

    def report(self, task: Task, accuracies: Mapping[int, float]) -> bool:
        """Tell the study the accuracy of epochs in validation; return whether the run is not worth going on with."""

    def finish(self, task: Task, result: Result, *, hopeless: bool) -> None:
        """Tell the study what came of a run."""


class Grid:
    """The cells of a grid.

    Parameters
    ----------
    claims : Claims
    experiment : Experiment
        This machine's folder: its settings have this machine's threads and engine.
    """

    def __init__(self, claims: Claims, experiment: Experiment) -> None:
        self._claims = claims
        self._experiment = experiment
        self._planned = {run.name: run for run in experiment.planned()}

    def prepare(self) -> None:
        self._claims.queue((run.name, run.point) for run in self._planned.values())

    def next(self) -> Task | None:
        trial = self._claims.claim(self._is_begun, self._planned.__contains__)
        if trial is None:
            return None
        run = self._planned[trial.user_attrs[RUN]]
        return Task(trial._trial_id, run.name, run.settings)

    def is_over(self) -> bool:
        by_run = self._claims.by_run()
        return all(_is_over(by_run.get(name, [])) for name in self._planned)

    def count(self) -> Count:
        by_run = self._claims.by_run()
        trials = [standing(by_run.get(name, [])) for name in self._planned]
        done = sum(_is_over(by_run.get(name, [])) for name in self._planned)
        return Count(done, sum(each is not None and each.state.name == "RUNNING" for each in trials), len(trials))

    def results(self) -> list[Result]:
        by_run = self._claims.by_run()
        return [self._result(name, by_run.get(name, [])) for name in self._planned]

    def report(self, task: Task, accuracies: Mapping[int, float]) -> bool:
        self._claims.report(task.trial_id, accuracies)
        return False

    def finish(self, task: Task, result: Result, *, hopeless: bool) -> None:
        self._claims.finish(task.trial_id, replace(result, point=self._planned[task.name].point))

    def _result(self, name: str, trials: list[Any]) -> Result:
        run = self._planned[name]
        folder, settings = self._experiment.folder(name).path, run.settings.as_dict()
        trial = standing(trials)
        if trial is not None and OUTCOME in trial.user_attrs:
            return as_result(trial.user_attrs[OUTCOME], run.point, f"Run {name} of the study")
        if trial is None and _is_over(trials):
            return Result(folder, settings, run.point, FAILED, why_lost(trials[-1]), 0, {})
        state = BEGUN if trial is not None and trial.state.name == "RUNNING" else WAITING
        return Result(folder, settings, run.point, state, None, 0, {})

    def _is_begun(self, name: str) -> bool:
        return is_there(self._experiment.folder(name).config)


class Search:
    """What a search draws, for all machines together.

    Parameters
    ----------
    claims : Claims
    experiment : Experiment
        This machine's folder.
    where : Place
    settings_for : callable
        Gives the settings of a run for what was drawn; a ConvoscopeError if there are none.
    check : callable
        Raises ConvoscopeError if what was drawn cannot be trained.
    """

    def __init__(
        self,
        claims: Claims,
        experiment: Experiment,
        where: Place,
        settings_for: Callable[[Values], TrainSettings],
        check: Callable[[Values], None],
    ) -> None:
        content = experiment.read()
        self._claims = claims
        self._where = where
        self._varied: Mapping[str, Any] = content["varied"]
        self._lesson: Values | None = content.get("lesson")
        self._settings_for = settings_for
        self._drawing = _SharedDrawing(claims, experiment, self._varied, check)
        self._drawn: Iterator[tuple[Any, Values]] | None = iter(self._drawing)
        self._failed = 0

    def prepare(self) -> None:
        if self._lesson is not None and not self._claims.trials():
            self._claims.enqueue("trial-0000", self._lesson)

    def next(self) -> Task | None:
        if self._drawn is None and any(each.state.name == "WAITING" for each in self._claims.trials()):
            self._drawn = iter(self._drawing)
        if self._drawn is None:
            return None
        drawn, self._drawn = self._drawn, None  # one that was broken off by an error gives nothing more
        found = calling(self._where, lambda: next(drawn, None))
        if found is None:
            return None
        self._drawn = drawn
        trial, values = found
        name = trial.user_attrs.get(RUN) or f"trial-{trial.number:04}"
        self._claims.hold(trial._trial_id)
        if RUN not in trial.user_attrs:
            self._claims.name(trial._trial_id, name)
        return Task(trial._trial_id, name, self._settings_for(values))

    def is_over(self) -> bool:
        return self._drawn is None and not any(each.state.name in ("WAITING", "RUNNING") for each in self._trials())

    def count(self) -> Count:
        trials = self._trials()
        running = sum(each.state.name == "RUNNING" for each in trials)
        return Count(sum(map(is_settled, trials)), running, None)

    def results(self) -> list[Result]:
        found: dict[str, Result] = {}
        for trial in self._trials():
            name = trial.user_attrs.get(RUN, f"trial-{trial.number:04}")
            if OUTCOME in trial.user_attrs:
                result = as_result(trial.user_attrs[OUTCOME], {}, f"Run {name} of the study")
                point = {each: result.settings.get(each) for each in self._varied}
                found.setdefault(str(point), replace(result, point=point))  # drawn twice at once, it counts once
            elif trial.state.name == "RUNNING":
                found[name] = Result(Path(name), {}, dict(trial.params), BEGUN, None, 0, {})
        return list(found.values())

    def report(self, task: Task, accuracies: Mapping[int, float]) -> bool:
        self._claims.report(task.trial_id, accuracies)
        return self._claims.is_hopeless(task.trial_id)

    def finish(self, task: Task, result: Result, *, hopeless: bool) -> None:
        failed = result.state == FAILED
        self._claims.finish(task.trial_id, result, hopeless=hopeless or failed)
        self._failed = self._failed + 1 if failed else 0
        if self._failed >= _MOST_FAILURES and not self._drawing.worked():
            raise ConvoscopeError(f"{self._failed} trials failed one after the other, the last: {result.reason}")

    def _trials(self) -> list[Any]:
        return [each for each in self._claims.trials() if not was_lost(each)]


class _SharedDrawing(Drawing):
    """Draws among other machines that draw at the same time: of two trials with the same values the first counts."""

    def __init__(self, claims: Claims, experiment: Experiment, varied: Mapping[str, Any], check: Any) -> None:
        super().__init__(claims.kept, experiment, varied, check)
        self._claims = claims

    def _left(self) -> Iterator[Any]:
        return iter(())  # runs of workers that are lost are queued again

    def _may_be_first(self, other: Any, trial: Any) -> bool:
        return bool(other.number < trial.number) and super()._may_be_first(other, trial)

    def _trials(self) -> list[Any]:
        by_run = self._claims.by_run()
        return [
            each
            for each in self._claims.trials()
            if not was_lost(each) or len(by_run.get(each.user_attrs.get(RUN, ""), [])) >= ATTEMPTS
        ]


def _is_over(trials: list[Any]) -> bool:
    trial = standing(trials)
    return len(trials) >= ATTEMPTS if trial is None else is_settled(trial)
