"""Runs measurements: each in a process of its own, interleaved, so that whatever the machine does meets all alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.environments import ROOT

#: glibc gives large blocks back to the system at once and fetches them again; PyTorch at batch 128 takes twice as long
#: then. All peers get the setting that suits it.
MALLOC = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000"}
LIMIT = 3600  # seconds that a process may take


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line.

    Attributes
    ----------
    seeds : int or None
        None leaves it to the part.
    pythons : dict
        The interpreter of each peer's environment, None where there is none.
    """

    rounds: int
    seeds: int | None
    quick: bool
    threads: int
    data_dir: str | None
    pythons: dict[str, Path | None]


@dataclass(frozen=True)
class Measurement:
    """One process to run: the program, in a peer's environment, with a job.

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
    """

    row: str
    peer: str
    environment: str | None
    program: str
    job: dict[str, Any] = field(default_factory=dict)
    tuned: bool = True


def run(measurement: Measurement, pythons: dict[str, Path | None]) -> dict[str, Any]:
    """Return what the program printed, or ``{"failed": why}``."""
    python = Path(sys.executable) if measurement.environment is None else pythons.get(measurement.environment)
    if python is None:
        return {"failed": "not installed"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(MALLOC if measurement.tuned else {})}
    begin = machine.Clocks.read()
    job = {**measurement.job, "spawned": time.monotonic()}
    try:
        done = subprocess.run(
            [str(python), "-m", f"benchmarks.programs.{measurement.program}", json.dumps(job)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"no result after {LIMIT} s"}
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"failed": last}
    return {**json.loads(done.stdout.splitlines()[-1]), "others": machine.others(begin, machine.Clocks.read())}


def interleave(
    rounds: Sequence[Sequence[Measurement]],
    pythons: dict[str, Path | None],
    say: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Run rounds of measurements, the order turned by one from round to round; return the samples.

    What has failed once is not tried again.
    """
    samples: list[dict[str, Any]] = []
    hopeless: dict[tuple[str, str], str] = {}
    for number, measurements in enumerate(rounds, start=1):
        turn = (number - 1) % max(1, len(measurements))
        for measurement in (*measurements[turn:], *measurements[:turn]):
            place = measurement.row, measurement.peer
            load = machine.load()
            sample = {"failed": hopeless[place]} if place in hopeless else run(measurement, pythons)
            if "failed" in sample and place not in hopeless:
                hopeless[place] = sample["failed"]
            samples.append(
                {"row": measurement.row, "peer": measurement.peer, "round": number, "load": round(load, 2), **sample}
            )
            say(f"round {number}/{len(rounds)}  {measurement.row:44} {measurement.peer:24} {_told(sample)}")
    return samples


def prepare(program: str, environment: str, job: dict[str, Any], pythons: dict[str, Path | None]) -> str | None:
    """Run a program for what it leaves behind; return why it could not, or None."""
    failed = run(Measurement("", "", environment, program, job), pythons).get("failed")
    return None if failed is None else str(failed)


def _told(sample: dict[str, Any]) -> str:
    if "failed" in sample:
        return str(sample["failed"])
    numbers = {key: value for key, value in sample.items() if isinstance(value, float)}
    return ", ".join(f"{key} {value:.4g}" for key, value in numbers.items())
