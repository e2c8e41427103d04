"""What a search tries next: nothing that cannot be trained, and nothing twice."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.experiments.plan import Experiment
from convoscope.locks import is_in_use, locked
from convoscope.paths import is_there
from convoscope.runs import RunFolder

_UNDER_WAY = timedelta(seconds=15)  # a trial that is younger may be another process' that has not yet begun to train
_LISTED = 4096  # combinations: if there are no more, those that are left are listed, and not waited for
_MOST_REFUSED = 200  # draws one after the other
_TWIN, _REASON = "same_as", "reason"  # what is noted of a trial that is not trained

Values = dict[str, Any]
_Key = tuple[Any, ...]


def trial_folder(experiment: Experiment, number: int) -> RunFolder:
    """Return the folder of a trial's run."""
    return experiment.folder(f"trial-{number:04}")


def draw(trial: Any, varied: Mapping[str, Any]) -> Values:
    """Draw a value for each setting; numbers over a wide range by their order of magnitude, and to three digits."""
    drawn: Values = {}
    for name, values in varied.items():
        if isinstance(values, list):
            drawn[name] = trial.suggest_categorical(name, values)
            continue
        low, high = values["low"], values["high"]
        wide = low > 0 and high >= 8 * low
        suggest = trial.suggest_int if isinstance(low, int) and isinstance(high, int) else trial.suggest_float
        drawn[name] = _rounded(suggest(name, low, high, log=wide), values)
    return drawn


class Drawing:
    """The draws of one of a search's processes.

    Parameters
    ----------
    kept : optuna.Study
    experiment : Experiment
    varied : mapping
        What is drawn from, as ``experiment.json`` has it.
    check : callable
        Given what was drawn, it raises a ConvoscopeError if that cannot be trained, without training.
    """

    def __init__(self, kept: Any, experiment: Experiment, varied: Mapping[str, Any], check: Any) -> None:
        self._kept = kept
        self._experiment = experiment
        self._varied = varied
        self._check = check
        self._count = _count(varied)
        self._choice = random.Random(len(kept.trials))

    def __iter__(self) -> Iterator[tuple[Any, Values]]:
        """Give trials with what is to be trained: first those that a killed process left, and then new ones.

        It ends when nothing is left that was not tried.

        Raises
        ------
        ConfigurationError
            Of very many combinations none can be trained.
        """
        in_a_row, refused, reason = 0, 0, ""
        for trial in itertools.chain(self._left(), iter(self._asked, None)):
            drawn, is_new = self._claim(trial)
            why_not = self._why_not(drawn) if is_new else None
            if is_new and why_not is None:
                in_a_row = refused = 0
                yield trial, drawn
                continue
            in_a_row += 1
            if why_not is not None:
                refused, reason = refused + 1, why_not
                self.give_up(trial, why_not)
            if in_a_row == _MOST_REFUSED:
                break
        if refused and not self.worked() and not self._under_way():
            raise ConfigurationError(f"{refused} combinations in a row cannot be trained, the last: {reason}")

    def give_up(self, trial: Any, reason: str) -> None:
        """Tell the search that a trial was bad: it looks elsewhere."""
        from optuna.trial import TrialState

        trial.set_user_attr(_REASON, reason)
        self._kept.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)

    def worked(self) -> bool:
        """Say whether any trial was trained so far that something was measured."""
        return any(trial.value is not None or trial.intermediate_values for trial in self._trials())

    def _under_way(self) -> bool:
        """Say whether another process is at a trial: that one will tell whether all was in vain."""
        return any(trial.state.name == "RUNNING" for trial in self._trials())

    def _left(self) -> Iterator[Any]:
        import optuna

        for left in self._kept.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            folder = trial_folder(self._experiment, left.number)
            old = left.datetime_start is None or datetime.now() - left.datetime_start > _UNDER_WAY
            if old and not (folder.path.is_dir() and is_in_use(folder.path)):
                yield optuna.trial.Trial(self._kept, left._trial_id)

    def _asked(self) -> Any:
        """Ask for a new trial, or return None if all there are were tried."""
        with self._alone():
            if self._count is None or self._count > _LISTED:
                return self._kept.ask()
            waiting = any(trial.state.name == "WAITING" for trial in self._trials())
            tried = {key for trial in self._trials() if (key := self._key_of(trial)) is not None}
            if waiting or len(tried) < self._count:
                return self._kept.ask()
            return None

    def _claim(self, trial: Any) -> tuple[Values, bool]:
        """Draw a trial's values, and say whether it is the first with them."""
        from optuna.trial import TrialState

        with self._alone():
            drawn = draw(trial, self._varied)
            key = _key(drawn)
            others = (each for each in self._trials() if self._may_be_first(each, trial))
            twin = next((each for each in others if self._key_of(each) == key), None)
            if twin is None:
                return drawn, True
            trial.set_user_attr(_TWIN, twin.number)
            if twin.value is not None:
                self._kept.tell(trial, twin.value, skip_if_finished=True)
            else:
                self._kept.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            if (other := self._untried()) is not None:
                self._kept.enqueue_trial(other)
        return drawn, False

    def _may_be_first(self, other: Any, trial: Any) -> bool:
        """Say whether another trial with the same values would be the one that counts."""
        return other.number != trial.number and _TWIN not in other.user_attrs

    def _why_not(self, drawn: Values) -> str | None:
        try:
            self._check(drawn)
        except ConvoscopeError as error:
            return str(error)
        return None

    def _untried(self) -> Values | None:
        """Choose one of the combinations that are left, if there are so few that they can be listed."""
        if self._count is None or self._count > _LISTED:
            return None
        tried = {self._key_of(trial) for trial in self._trials()}
        left = [values for values in _all(self._varied) if _key(values) not in tried]
        return self._choice.choice(left) if left else None

    def _trials(self) -> list[Any]:
        return list(self._kept.get_trials(deepcopy=False))

    def _key_of(self, trial: Any) -> _Key | None:
        """Return what a trial has drawn, or will, as far as that is known."""
        params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        if not self._varied.keys() <= params.keys():
            return None
        return _key({name: _rounded(params[name], values) for name, values in self._varied.items()})

    def _alone(self) -> Any:
        return locked(lock_file(self._experiment), poll=0.01)


def lock_file(experiment: Experiment) -> Any:
    """Return the file that is locked while something is drawn."""
    return experiment.path / ".drawing"


def tidy(experiment: Experiment) -> None:
    """Remove the lock's file if a kill left it."""
    if is_there(lock_file(experiment)):
        with locked(lock_file(experiment)):
            pass


def _rounded(value: Any, values: Any) -> Any:
    """Return a number that was drawn as it is used: to three digits, but within its range."""
    if isinstance(values, list) or isinstance(value, int):
        return value
    return min(max(float(f"{value:.3g}"), values["low"]), values["high"])


def _key(drawn: Values) -> _Key:
    return tuple(tuple(value) if isinstance(value, list) else value for value in drawn.values())


def _numbers(values: Any) -> range | list[Any] | None:
    """Return all values of a setting, or None if they are without number."""
    if isinstance(values, list):
        return values
    low, high = values["low"], values["high"]
    return range(low, high + 1) if isinstance(low, int) and isinstance(high, int) else None


def _count(varied: Mapping[str, Any]) -> int | None:
    found = [_numbers(values) for values in varied.values()]
    return None if any(values is None for values in found) else math.prod(len(values or ()) for values in found)


def _all(varied: Mapping[str, Any]) -> Iterator[Values]:
    for values in itertools.product(*(_numbers(each) or () for each in varied.values())):
        yield dict(zip(varied, values, strict=True))
