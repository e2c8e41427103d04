"""Runs measurements interleaved, so that whatever the machine does meets all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.processes import Measurement, Staying, run


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line.

    Attributes
    ----------
    seeds : int or None
        None leaves it to the part.
    rows : sequence of str
        Of the sweep, the networks and the photos, only rows that have one of these words in their label; if any are
        given.
    pythons : dict
        The interpreter of each peer's environment, None where there is none.
    folders : sequence of Path
        Sets of photos, each a folder with a folder for each class.
    foreign : Path or None
        A folder of photos that belong to none of the classes.
    """

    rounds: int
    seeds: int | None
    quick: bool
    threads: int
    data_dir: str | None
    pythons: dict[str, Path | None]
    rows: Sequence[str] = ()
    folders: Sequence[Path] = ()
    foreign: Path | None = None


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
    with Staying(pythons) as staying:
        for number, measurements in enumerate(rounds, start=1):
            turn = (number - 1) % max(1, len(measurements))
            for measurement in (*measurements[turn:], *measurements[:turn]):
                row, peer = measurement.row, measurement.peer
                load = round(machine.load(), 2)
                if (row, peer) in hopeless:
                    sample = {"failed": hopeless[row, peer]}
                else:
                    sample = staying.run(measurement) if measurement.stays else run(measurement, pythons)
                if "failed" in sample:
                    hopeless[row, peer] = sample["failed"]
                samples.append({"row": row, "peer": peer, "round": number, "load": load, **sample})
                say(f"round {number}/{len(rounds)}  {row:44} {peer:24} {_told(sample)}")
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
