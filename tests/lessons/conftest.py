"""Measurements that are made up, so that each rule meets just what it is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from convoscope.experiments.results import Result, Row
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial

MadeUp = Callable[..., Measured]


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUp:
    """Give a function that makes measurements of a trial's figures, a value for each seed."""

    def make(figures: Mapping[Trial, Mapping[str, Sequence[float]]], *, quick: bool = False) -> Measured:
        rows = {}
        for number, (trial, named) in enumerate(figures.items()):
            seeds = len(next(iter(named.values())))
            results = []
            for seed in range(seeds):
                folder = tmp_path / f"{number}-{seed}"
                folder.mkdir()
                line = {name.removeprefix("train_"): values[seed] for name, values in named.items()}
                (folder / "history.jsonl").write_text(json.dumps({"epoch": 1, "seconds": 1.0, **line}) + "\n")
                (folder / "report.json").write_text('{"stopped": null}')
                own = {name: values[seed] for name, values in named.items()}
                results.append(Result(folder, {"threads": 1}, {}, "finished", None, 1, {"test_accuracy": 0.5, **own}))
            rows[trial] = Row({}, tuple(results))
        return Measured(rows, quick=quick)

    return make
