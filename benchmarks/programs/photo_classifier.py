"""Convoscope's measurements on photos, by its command line: ``python -m benchmarks.programs.photo_classifier JOB``."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import convoscope as cs
from benchmarks import measurement
from benchmarks.measurement import Job, Sample
from benchmarks.photo_measures import bins


def photos(job: Job) -> Sample:
    """Train on a split, and say what its test photos show.

    The job: folder (a split as it is laid out), options (of ``convoscope train``), threads, foreign (files, or none).
    Nothing is kept from one job for the next. The seconds are those of the command.
    """
    with tempfile.TemporaryDirectory() as place:
        seconds = _train(job, Path(place))
        model = cs.load_model(Path(place) / "run")
        files = sorted(Path(job["folder"], "test").glob("*/*"))
        found = model.predict_images(files)
        right = [each.name == file.parent.name for each, file in zip(found, files, strict=True)]
        sample: Sample = {
            "seconds": seconds,
            "accuracy": sum(right) / len(right),
            "bins": bins([each.probability for each in found], right),
            "way": _way(Path(place) / "run"),
        }
        if job["foreign"] and found[0].score is not None:
            kept = [each for each, good in zip(found, right, strict=True) if good]
            sample["lost"] = sum(each.none_of_these for each in kept) / max(len(kept), 1)
            refused = [each.none_of_these for each in model.predict_images(job["foreign"])]
            sample["refused"] = sum(refused) / len(refused)
    return sample


def starts(job: Job) -> Sample:
    """Train twice: seconds of the first command, and of the second, which finds what the first has kept."""
    with tempfile.TemporaryDirectory() as place:
        first = _train(job, Path(place))
        return {"seconds": first, "second": _train(job, Path(place), "again")}


def suspects(job: Job) -> Sample:
    """Train on photos of which some lie in a wrong folder. The job has ``swapped``: the names of those.

    Recall is the share of them among the suspected labels; precision the share of the suspected that were swapped,
    which takes labels for right that were wrong before.
    """
    with tempfile.TemporaryDirectory() as place:
        seconds = _train(job, Path(place))
        with (Path(place) / "run" / "suspects.csv").open(newline="", encoding="utf-8") as table:
            rows = [row for row in csv.DictReader(table) if row["kind"] == job["kind"]]
    found, swapped = {Path(row["file"]).name for row in rows}, set(job["swapped"])
    hits = len(found & swapped)
    return {"seconds": seconds, "recall": hits / len(swapped), "precision": hits / len(found) if found else 0.0}


def _train(job: Job, place: Path, run: str = "run") -> float:
    """Run the command; return its seconds."""
    command = [sys.executable, "-m", "convoscope", "train", job["folder"], "--out", str(place / run), "--quiet"]
    options = [*job["options"], "--data-dir", str(place / "data"), "--threads", str(job["threads"])]
    begin = time.perf_counter()
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"convoscope train ended with {done.returncode}: {done.stderr.strip()}")
    return time.perf_counter() - begin


def _way(run: Path) -> Any:
    """Return which way the run chose; None where it was told to train from scratch."""
    return json.loads((run / "report.json").read_text(encoding="utf-8")).get("training", {}).get("way")


if __name__ == "__main__":
    tasks = (photos, starts, suspects)
    measurement.run_jobs({task.__name__: task for task in tasks}, ["convoscope", "numpy"])
