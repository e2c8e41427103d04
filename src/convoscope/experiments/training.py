"""One run of an experiment, from wherever it is to its end."""

from __future__ import annotations

import time
from collections.abc import Sequence

from convoscope.errors import InUseError
from convoscope.experiments import failure
from convoscope.paths import is_there
from convoscope.runs import RunFolder, TrainSettings, resume, start
from convoscope.runs.preparation import load_data
from convoscope.runs.training import is_finished, settings_of, training_state, use
from convoscope.training.callbacks import Callback

_POLL = 0.2  # seconds between two looks at a run that another process is in


def train(folder: RunFolder, settings: TrainSettings, callbacks: Sequence[Callback] = ()) -> None:
    """Train a run to its end, from wherever it is; nothing is done if it is there.

    If another process is in it, it is waited for: the one of an experiment that was killed takes a moment to end.
    """
    while not is_complete(folder):
        try:
            _train(folder, settings, callbacks)
        except InUseError:
            time.sleep(_POLL)
    failure.forget(folder)  # of a process that was ended when all was written


def attempt(folder: RunFolder, settings: TrainSettings) -> tuple[int, str]:
    """Train a run to its end, or write down why it did not come there; return the status of a process, and why."""
    try:
        train(folder, settings)
    except Exception as error:
        return failure.ended_by(folder, error)
    return failure.DONE, ""


def is_complete(folder: RunFolder) -> bool:
    """Say whether a run was trained to its end."""
    return is_there(folder.config) and is_finished(folder, settings_of(folder), training_state(folder))


def _train(folder: RunFolder, settings: TrainSettings, callbacks: Sequence[Callback]) -> None:
    failure.forget(folder)
    if is_there(folder.config):
        settings = settings_of(folder)
        use(settings)
        resume(folder, settings, load_data(settings), callbacks)
    else:
        use(settings)
        start(RunFolder.create(folder.path), settings, load_data(settings), callbacks)
