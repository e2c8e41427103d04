"""A process that tries the trials of a search: ``python -m convoscope.experiments.searcher SEARCH N``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from convoscope.errors import ConvoscopeError, StorageError
from convoscope.experiments import failure, search
from convoscope.experiments.grid import look_at
from convoscope.experiments.plan import Experiment
from convoscope.experiments.results import read
from convoscope.experiments.training import train
from convoscope.experiments.worker import end_with_parent
from convoscope.locks import is_in_use
from convoscope.runs import RunFolder
from convoscope.training.callbacks import Callback
from convoscope.training.callbacks.base import Logs

_MOST_FAILURES = 10  # one after the other: then it is not chance
_UNDER_WAY = timedelta(seconds=15)  # a trial that is younger may be another process' that has not yet begun to train


class _HopelessError(Exception):
    """A trial is not worth going on with."""


class _Pruning(Callback):
    """Report each epoch's accuracy in validation, and end a run that is behind the others, after the epoch is kept."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial
        self._hopeless = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """End it, if that was decided."""
        if self._hopeless:
            raise _HopelessError

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Decide."""
        self._trial.report((logs or {})["val_accuracy"], epoch)
        self._hopeless = self._trial.should_prune()


def main(path: str, number: str) -> int:
    """Search until interrupted, and return the status to end with."""
    try:
        end_with_parent()
        experiment = Experiment.open(path)
        try:
            _search(experiment, int(number))
        except (ConvoscopeError, OSError, MemoryError) as error:
            sys.stderr.write(str(error))
            return failure.NO_ROOM if isinstance(error, StorageError) else failure.FAILED
    except KeyboardInterrupt:
        return failure.INTERRUPTED
    return failure.FAILED


def _search(experiment: Experiment, number: int) -> None:
    from optuna.trial import TrialState

    content = experiment.read()
    info, _ = look_at(content["dataset"], content["fixed"])
    kept = search.opened(experiment, number)
    failed = 0
    for trial in _trials(kept, experiment):
        folder = _folder(experiment, trial.number)
        try:
            drawn = search.draw(trial, content["varied"])
            train(folder, search.settings_for(content, drawn, info), [_Pruning(trial)])
        except _HopelessError:
            kept.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        except StorageError:
            raise
        except Exception as error:
            failed += 1
            failure.ended_by(folder, error)
            kept.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            if failed == _MOST_FAILURES:
                raise ConvoscopeError(f"{failed} trials failed one after the other, the last: {error}") from error
        else:
            failed = 0
            kept.tell(trial, read(folder).figures["val_accuracy"], skip_if_finished=True)


def _trials(kept: Any, experiment: Experiment) -> Iterator[Any]:
    """Give the trials that a killed process left, and then new ones without end."""
    import optuna

    for left in kept.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        folder = _folder(experiment, left.number)
        old = left.datetime_start is None or datetime.now() - left.datetime_start > _UNDER_WAY
        if old and not (folder.path.is_dir() and is_in_use(folder.path)):
            yield optuna.trial.Trial(kept, left._trial_id)
    while True:
        yield kept.ask()


def _folder(experiment: Experiment, number: int) -> RunFolder:
    return experiment.folder(f"trial-{number:04}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
