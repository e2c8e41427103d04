"""What was measured: samples as they came, kept as JSON; medians and spreads are drawn from them when asked for."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
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
        Its name.
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
    about : dict
        What a table keeps of samples that are no longer whole: their ``versions`` and ``disagreements``.
    """

    part: str
    when: str
    machine: dict[str, Any]
    settings: dict[str, Any]
    samples: list[dict[str, Any]]
    about: dict[str, Any] = field(default_factory=dict)

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
        known: dict[str, str] = dict(self.about.get("versions", {}))
        for sample in self.samples:
            known |= sample.get("versions", {})
        return known

    def disagreements(self, tolerance: float = 1e-4) -> list[str]:
        """Return the rows in which two peers' outputs for the same image and weights differ by more than that."""
        rows: list[str] = list(self.about.get("disagreements", []))
        for row in self.rows():
            outputs = [sample["outputs"] for sample in self.samples if sample["row"] == row and "outputs" in sample]
            if any(max(values) - min(values) > tolerance for values in zip(*outputs, strict=True)):
                rows.append(row)
        return rows

    def save(self, folder: Path, keeps: Sequence[str] = ()) -> Path:
        """Write the result into a folder, as a whole or not at all; return the file.

        Parameters
        ----------
        folder : Path
        keeps : sequence of str
            Without any, all samples are written as they came, a line for each. Else a table is: for each row and peer
            a line with a list of each of these values, of eight digits, which is what the page needs of many samples.
        """
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.part}.json"
        content = asdict(self.table(keeps) if keeps else self)
        samples = content.pop("samples")
        if keeps:
            samples = [_row(row, peer, samples, keeps) for row in self.rows() for peer in self.peers(row)]
        about = content.pop("about")
        head = json.dumps({**content, **({"about": about} if about else {})}, indent=1, ensure_ascii=False)
        lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in samples)
        # A line for each: a file that is measured again then differs by as many.
        write(file, f'{head.removesuffix(chr(10) + "}")},\n "{"table" if keeps else "samples"}": [\n{lines}\n ]\n}}\n')
        return file

    def table(self, keeps: Sequence[str]) -> Result:
        """Return the result as it comes back from a table with those values."""
        kept = {"row", "peer", "round", "failed", *keeps}
        samples = [{name: _short(value) for name, value in sample.items() if name in kept} for sample in self.samples]
        about = {"versions": self.versions(), "disagreements": self.disagreements()}
        return replace(self, samples=samples, about=about)

    @classmethod
    def load(cls, file: Path) -> Result:
        """Read a result that `save` has written."""
        content = json.loads(file.read_text(encoding="utf-8"))
        if "table" in content:
            content["samples"] = [sample for line in content.pop("table") for sample in _samples(line)]
        return cls(**content)


def _short(value: Any) -> Any:
    return float(f"{value:.8g}") if isinstance(value, float) else value


def _row(row: str, peer: str, samples: list[dict[str, Any]], keeps: Sequence[str]) -> dict[str, Any]:
    """Return the line of a table for a row and a peer: a list of each value, None where a sample has none."""
    own = [sample for sample in samples if (sample["row"], sample["peer"]) == (row, peer)]
    names = ["round", *keeps, *(["failed"] if any("failed" in sample for sample in own) else [])]
    return {"row": row, "peer": peer, **{name: [sample.get(name) for sample in own] for name in names}}


def _samples(line: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the samples of a line of a table."""
    of = {"row": line.pop("row"), "peer": line.pop("peer")}
    values = [dict(zip(line, each, strict=True)) for each in zip(*line.values(), strict=True)]
    return [{**of, **{name: value for name, value in each.items() if value is not None}} for each in values]


def write(file: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    beside = file.with_name(f".{file.name}.part")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, file)
