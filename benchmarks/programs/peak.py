"""The processor's peak: compiles peak.cpp and runs it. ``python -m benchmarks.programs.peak JOB``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import measurement
from benchmarks.measurement import Job, Sample


def peak(job: Job) -> Sample:
    """Return the multiply-adds' operations a second. The job: threads."""
    compiler = next(filter(None, map(shutil.which, ("g++", "clang++", "c++"))), None)
    if compiler is None:
        sys.exit("no C++ compiler")
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "peak")
        source = str(Path(__file__).with_name("peak.cpp"))
        flags = ["-O3", "-march=native", "-ffp-contract=fast", "-std=c++17", "-pthread"]
        subprocess.run([compiler, *flags, source, "-o", program], check=True)
        output = subprocess.run([program, str(job["threads"])], check=True, capture_output=True, text=True).stdout
    return dict(json.loads(output))


if __name__ == "__main__":
    measurement.run_jobs({"peak": peak}, [])
