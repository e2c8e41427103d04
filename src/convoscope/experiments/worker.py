"""A process that trains one run of an experiment: ``python -m convoscope.experiments.worker EXPERIMENT RUN``."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

from convoscope.errors import InUseError
from convoscope.experiments import failure
from convoscope.experiments.plan import Experiment
from convoscope.runs import RunFolder, TrainSettings, resume, start
from convoscope.runs.preparation import load_data
from convoscope.runs.training import is_finished, settings_of, training_state, use
from convoscope.training.callbacks import Callback

_POLL = 0.2  # seconds between two looks at a run that another process is in
_GRACE = 30.0  # seconds that an interrupted process has to come to an end


def train(folder: RunFolder, settings: TrainSettings, callbacks: Sequence[Callback] = ()) -> None:
    """Train a run to its end, from wherever it is; nothing is done if it is there.

    If another process is in it, it is waited for: the one of an experiment that was killed takes a moment to end.
    """
    while not is_complete(folder):
        try:
            _train(folder, settings, callbacks)
        except InUseError:
            time.sleep(_POLL)


def is_complete(folder: RunFolder) -> bool:
    """Say whether a run was trained to its end."""
    return folder.config.exists() and is_finished(folder, settings_of(folder), training_state(folder))


def _train(folder: RunFolder, settings: TrainSettings, callbacks: Sequence[Callback]) -> None:
    failure.forget(folder)
    if folder.config.exists():
        settings = settings_of(folder)
        use(settings)
        resume(folder, settings, load_data(settings), callbacks)
    else:
        use(settings)
        start(RunFolder.create(folder.path), settings, load_data(settings), callbacks)


def end_with_parent() -> None:
    """Interrupt this process, as Ctrl-C does, when the one that started it is gone or closes the pipe to it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # started in the background, it would be deaf to it

    def watch() -> None:
        while os.read(0, 1):
            pass
        _thread.interrupt_main()
        time.sleep(_GRACE)
        os._exit(failure.INTERRUPTED)

    threading.Thread(target=watch, daemon=True).start()


def main(path: str, name: str) -> int:
    """Train the run of that name, and return the status to end with."""
    try:
        end_with_parent()
        experiment = Experiment.open(path)
        folder = experiment.folder(name)
        try:
            settings = next(run.settings for run in experiment.planned() if run.name == name)
            train(folder, settings)
        except Exception as error:
            status, reason = failure.ended_by(folder, error)
            sys.stderr.write(reason)
            return status
    except KeyboardInterrupt:
        return failure.INTERRUPTED
    return failure.DONE


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
