"""A process that tries the trials of a search: ``python -m convoscope.experiments.searcher SEARCH N``."""

from __future__ import annotations

import sys
from typing import Any

from convoscope.errors import ConvoscopeError, StorageError
from convoscope.experiments import failure, search
from convoscope.experiments.drawing import Drawing, Values, trial_folder
from convoscope.experiments.grid import look_at
from convoscope.experiments.plan import Experiment
from convoscope.experiments.results import read
from convoscope.experiments.training import train
from convoscope.experiments.worker import end_with_parent
from convoscope.runs.preparation import build_model
from convoscope.training.callbacks import Callback
from convoscope.training.callbacks.base import Logs

_MOST_FAILURES = 10  # one after the other: then it is not chance


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
    """Search until interrupted, or until all was tried, and return the status to end with."""
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
    return failure.DONE


def _search(experiment: Experiment, number: int) -> None:
    from optuna.trial import TrialState

    content = experiment.read()
    info, _ = look_at(content["dataset"], content["fixed"])
    kept = search.opened(experiment, number)

    def check(drawn: Values) -> None:
        build_model(search.settings_for(content, drawn, info), info, info.train_count)

    drawing = Drawing(kept, experiment, content["varied"], check)
    failed = 0
    for trial, drawn in drawing:
        folder = trial_folder(experiment, trial.number)
        try:
            train(folder, search.settings_for(content, drawn, info), [_Pruning(trial)])
        except _HopelessError:
            kept.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        except StorageError:
            raise
        except Exception as error:
            failed += 1
            failure.ended_by(folder, error)
            drawing.give_up(trial, str(error))
            if failed >= _MOST_FAILURES and not drawing.worked():
                raise ConvoscopeError(f"{failed} trials failed one after the other, the last: {error}") from error
        else:
            failed = 0
            value = read(folder).figures.get("val_accuracy")
            told = {"state": TrialState.PRUNED} if value is None else {"values": value}
            kept.tell(trial, **told, skip_if_finished=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
