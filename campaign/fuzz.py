"""Damaged files, texts and questions for every reader: each is read, or refused by a `ConvoscopeError`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from campaign.outcome import Finding, Options, Outcome, keep
from campaign.readers import READERS, Reader
from campaign.trying import Failed, Stretch, try_all

KIND = "fuzz"
_STRETCH = 400
_FULL, _SHORT = 110_000, 6_000


def run(options: Options) -> Outcome:
    """Try all readers."""
    outcome = Outcome(KIND)
    readers = [reader for reader in READERS if options.wanted(reader.name)]
    with tempfile.TemporaryDirectory(prefix="campaign-") as root:
        stretches = []
        for reader in readers:
            folder = Path(root, "samples", reader.name)
            folder.mkdir(parents=True)
            numbers = options.numbers(reader.name) or range(_number(reader, options.short))
            stretches += _stretches(reader, folder, numbers, options.seed)
            outcome.count(reader.name, len(numbers))
        processes = Path(root, "processes")
        processes.mkdir()
        made = {stretch.name: stretch for stretch in stretches}
        failed = list(try_all(stretches, processes, options.jobs))
        outcome.findings = [_finding(group, made[group[0].name], options) for group in _grouped(failed)]
    return outcome


def _number(reader: Reader, short: bool) -> int:
    """Return how many inputs a reader gets: its share of all."""
    return round((_SHORT if short else _FULL) * reader.share / sum(each.share for each in READERS))


def _stretches(reader: Reader, folder: Path, numbers: Sequence[int], seed: int) -> list[Stretch]:
    trial = reader.begin(folder)
    return [
        Stretch(reader.name, trial, numbers[start : start + _STRETCH], seed)
        for start in range(0, len(numbers), _STRETCH)
    ]


def _grouped(failed: Sequence[Failed]) -> list[list[Failed]]:
    groups: dict[tuple[str, str], list[Failed]] = {}
    for each in failed:
        groups.setdefault((each.name, each.signature), []).append(each)
    return [sorted(group, key=lambda each: each.number) for _, group in sorted(groups.items())]


def _finding(group: Sequence[Failed], stretch: Stretch, options: Options) -> Finding:
    first = group[0]
    kept = keep(f"{KIND}-{first.name}-{options.seed}-{first.number}", stretch.content(first.number))
    return Finding(
        f"the reader '{first.name}' {first.text}. The input is kept as {kept}.",
        options.repeat(KIND, f"{first.name}:{first.number}"),
        len(group),
    )
