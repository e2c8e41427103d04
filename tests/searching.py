"""A search without a clock: until something has come of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from convoscope.experiments import Experiment, failure

PATIENCE = 300.0


def work_until(experiment: Experiment, done: Callable[[], bool]) -> None:
    """Let one process search until then, and end it as the end of the time does."""
    words = [sys.executable, "-m", "convoscope.experiments.searcher", str(experiment), "0"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + PATIENCE
    while not done():
        if process.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"the search did not come to that: {process.communicate()}")
        time.sleep(0.05)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == failure.INTERRUPTED
