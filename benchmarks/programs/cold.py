"""How long a command takes in a process of its own, and its peak memory: ``python -m benchmarks.programs.cold JOB``."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from benchmarks import measurement
from benchmarks.measurement import Job, Sample


def command(job: Job) -> Sample:
    """Run a command once so that its files are in memory, and once on the clock. The job: command, a list of words;
    distribution, whose version belongs to the result.
    """
    from importlib.metadata import version

    _run(job["command"])
    start = time.perf_counter()
    _run(job["command"])
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds": seconds,
        "versions": {job["distribution"]: version(job["distribution"])},
        "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1024**2,
    }


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr.strip() or done.stdout.strip())


if __name__ == "__main__":
    measurement.run_jobs({"command": command}, [])
