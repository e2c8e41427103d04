"""A folder of runs as people have them: finished, damaged, unreadable, somebody else's, and a comparison."""

from __future__ import annotations

import shutil
from pathlib import Path

from convoscope import datasets
from convoscope.experiments import compare, results, rows, write_report
from convoscope.runs import RunFolder, TrainSettings, start


def fill(place: Path) -> None:
    """Make one of each kind."""
    data = datasets.load("digits")
    settings = TrainSettings.with_defaults("digits", 1, "auto", model="perceptron", epochs=1, seed=1)
    run = RunFolder.create(place / "first")
    start(run, settings, data)
    for name, file, content in (
        ("damaged", "config.json", b'{"format": "convoscope-run'),
        ("unreadable", "model.safetensors", b"not a model"),
    ):
        shutil.copytree(run.path, place / name)
        (place / name / file).write_bytes(content)
    (place / "notes").mkdir()
    (place / "notes" / "config.json").write_text('{"from": "another program"}', encoding="utf-8")
    fixed = {"model": "perceptron", "epochs": 1}
    done = compare("digits", {"lr": [0.01, 0.1]}, out=place / "rates", fixed=fixed, jobs=1, threads=1, engine="auto")
    write_report(rows(results(done)), done.path, "Two learning rates")
