"""What was measured: samples as they came, kept as JSON; medians and spreads are drawn from them when asked for."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spread:
    """The median of several measurements, the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Result:
    """All samples of one part.

    Attributes
    ----------
    part : str
        Its letter.
    when : str
        Date and time of the start, UTC.
    machine : dict
        See `machine.describe`.
    settings : dict
        Rounds, threads, and what else the part was told.
    samples : list of dict
        In the order in which they were taken: ``row``, ``peer``, ``round``, ``load`` (average of the last minute, just
        before), ``others`` (the share of the cores that other programs took meanwhile), and what the program printed;
        or ``failed``, why there is nothing.
    """

    part: str
    when: str
    machine: dict[str, Any]
    settings: dict[str, Any]
    samples: list[dict[str, Any]]

    def rows(self) -> list[str]:
        """Return the rows' names in the order of their first samples."""
        return list(dict.fromkeys(sample["row"] for sample in self.samples))

    def peers(self, row: str | None = None) -> list[str]:
        """Return the peers' names (of one row) in the order of their first samples in it."""
        return list(dict.fromkeys(sample["peer"] for sample in self.samples if row in (None, sample["row"])))

    def of(self, row: str, peer: str) -> list[dict[str, Any]]:
        """Return a peer's successful samples of a row."""
        return [
            sample
            for sample in self.samples
            if (sample["row"], sample["peer"]) == (row, peer) and "failed" not in sample
        ]

    def spread(self, row: str, peer: str, key: str = "seconds") -> Spread | None:
        """Return the spread of a measured value, or None if there is no sample of it."""
        values = [sample[key] for sample in self.of(row, peer) if key in sample]
        return Spread.of(values) if values else None

    def failures(self) -> dict[tuple[str, str], str]:
        """Return why there is nothing, for each row and peer without a successful sample."""
        return {
            (sample["row"], sample["peer"]): sample["failed"]
            for sample in self.samples
            if "failed" in sample and not self.of(sample["row"], sample["peer"])
        }

    def versions(self) -> dict[str, str]:
        """Return the versions of everything that was measured."""
        return {name: number for sample in self.samples for name, number in sample.get("versions", {}).items()}

    def disagreements(self, tolerance: float = 1e-4) -> list[str]:
        """Return the rows in which two peers' outputs for the same image and weights differ by more than that."""
        rows = []
        for row in self.rows():
            outputs = [sample["outputs"] for sample in self.samples if sample["row"] == row and "outputs" in sample]
            if any(max(values) - min(values) > tolerance for values in zip(*outputs, strict=True)):
                rows.append(row)
        return rows

    def save(self, folder: Path) -> Path:
        """Write the result into a folder, as a whole or not at all; return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.part}.json"
        about = asdict(self)
        samples = ",\n".join(json.dumps(each, ensure_ascii=False) for each in about.pop("samples"))
        head = json.dumps(about, indent=1, ensure_ascii=False).removesuffix("\n}")
        # A line for each sample: a file that is measured again then differs by as many.
        write(file, f'{head},\n "samples": [\n{samples}\n ]\n}}\n')
        return file

    @classmethod
    def load(cls, file: Path) -> Result:
        """Read a result that `save` has written."""
        return cls(**json.loads(file.read_text()))


def write(file: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    beside = file.with_name(f".{file.name}.part")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, file)
