"""A process that trains one run of an experiment: ``python -m convoscope.experiments.worker EXPERIMENT RUN``.

A run that the experiment does not list comes with its settings as JSON.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
import time

from convoscope.experiments import failure
from convoscope.experiments.plan import Experiment
from convoscope.experiments.training import attempt
from convoscope.runs import TrainSettings

_GRACE = 30.0  # seconds that an interrupted process has to come to an end


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


def main(path: str, name: str, told: str = "") -> int:
    """Train the run of that name, and return the status to end with."""
    try:
        end_with_parent()
        experiment = Experiment.open(path)
        if told:
            settings = TrainSettings.from_dict(json.loads(told), f"The settings of {name}")
        else:
            settings = next(run.settings for run in experiment.planned() if run.name == name)
        status, reason = attempt(experiment.folder(name), settings)
        sys.stderr.write(reason)
    except KeyboardInterrupt:
        return failure.INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
