"""The processes that measure: one of its own for a measurement, or one that stays and takes job after job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks import machine
from benchmarks.environments import ROOT

#: glibc gives large blocks back to the system at once and fetches them again; PyTorch at batch 128 takes twice as long
#: then. All peers get the setting that suits it.
MALLOC = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000"}
LIMIT = 3600  # seconds that a measurement may take


@dataclass(frozen=True)
class Measurement:
    """One measurement: the program, in a peer's environment, with a job.

    Attributes
    ----------
    row, peer : str
        Where it belongs in the table.
    environment : str or None
        Whose interpreter; None is this one.
    program : str
        A module of `benchmarks.programs`.
    job : dict
        What it is to do, with ``task``.
    tuned : bool
        Whether the allocator is told to keep its memory.
    stays : bool
        Whether its process serves other measurements too (`Staying`); its peak of memory says nothing then.
    """

    row: str
    peer: str
    environment: str | None
    program: str
    job: dict[str, Any] = field(default_factory=dict)
    tuned: bool = True
    stays: bool = False


def run(measurement: Measurement, pythons: dict[str, Path | None]) -> dict[str, Any]:
    """Run a measurement in a process of its own; return what it printed, or ``{"failed": why}``."""
    python = python_of(measurement, pythons)
    if python is None:
        return {"failed": "not installed"}
    begin = machine.Clocks.read()
    job = {**measurement.job, "spawned": time.monotonic()}
    try:
        done = subprocess.run(
            [*_command(python, measurement), json.dumps(job)],
            env=_environment(measurement),
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return {"failed": _too_late()}
    if done.returncode != 0:
        return {"failed": _last_words(done.stderr, done.returncode)}
    return {**json.loads(done.stdout.splitlines()[-1]), "others": machine.others(begin, machine.Clocks.read())}


class Staying:
    """Processes that stay, one for each program and environment, until the block ends.

    Where a library takes longer to import than a measurement takes, one process measures row after row.
    """

    def __init__(self, pythons: dict[str, Path | None]) -> None:
        self._pythons = pythons
        self._processes: dict[tuple[str | None, str, bool], _Process] = {}

    def __enter__(self) -> Staying:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.end()

    def run(self, measurement: Measurement) -> dict[str, Any]:
        """Run a measurement; return what it printed, or ``{"failed": why}``."""
        python = python_of(measurement, self._pythons)
        if python is None:
            return {"failed": "not installed"}
        which = measurement.environment, measurement.program, measurement.tuned
        if which not in self._processes:
            self._processes[which] = _Process(_command(python, measurement), _environment(measurement))
        begin = machine.Clocks.read()
        sample = self._processes[which].measure(measurement.job)
        if "failed" in sample:
            self._processes.pop(which).end()
            return sample
        # The system counts a child's work as ours when the child has ended; this one has to tell.
        now = machine.Clocks.read()
        ended = replace(now, own=now.own + sample["processor_seconds"])
        sample.pop("peak_mib")  # of all measurements so far
        return {**sample, "others": machine.others(begin, ended)}


class _Process:
    """A program that takes jobs from its standard input, a line of JSON each."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (lives as long as the process)
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )

    def measure(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return what the program printed, or ``{"failed": why}`` if it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        killed = threading.Event()

        def kill() -> None:
            killed.set()
            self._process.kill()

        late = threading.Timer(LIMIT, kill)
        late.start()
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            # A library may say something of its own; the sample is the line that is an object.
            line = next((line for line in self._process.stdout if line.startswith("{")), None)
        except BrokenPipeError:
            line = None
        finally:
            late.cancel()
        if line is not None:
            return dict(json.loads(line))
        status = self._process.wait()
        if killed.is_set():
            return {"failed": _too_late()}
        self._errors.seek(0)
        return {"failed": _last_words(self._errors.read(), status)}

    def end(self) -> None:
        """End the process, which has no job."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def python_of(measurement: Measurement, pythons: dict[str, Path | None]) -> Path | None:
    """Return the interpreter that runs a measurement, None where its peer is not installed."""
    return Path(sys.executable) if measurement.environment is None else pythons.get(measurement.environment)


def _command(python: Path, measurement: Measurement) -> list[str]:
    return [str(python), "-m", f"benchmarks.programs.{measurement.program}"]


def _environment(measurement: Measurement) -> dict[str, str]:
    # A package that pip installed is compiled; forbidden to keep what it compiles, a checkout would be anew each time.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT), **(MALLOC if measurement.tuned else {})}


def _too_late() -> str:
    return f"no result after {LIMIT} s"


def _last_words(said: str, status: int) -> str:
    return (said.strip().splitlines() or [f"exit status {status}"])[-1]
