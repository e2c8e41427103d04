"""Your own photos: the default of ``convoscope train``, beside a frozen backbone with a logistic regression."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import photo_splits
from benchmarks.page import Section, number, spelled, table
from benchmarks.parts.part import FILES, OWN, Part
from benchmarks.photo_measures import calibration_error, interval
from benchmarks.photo_splits import Photos, Split
from benchmarks.processes import Measurement
from benchmarks.results import Result
from benchmarks.runner import Options

FOLDER = FILES / "photos"
SCRATCH = f"{OWN}, from scratch"
REFERENCE = "PyTorch + scikit-learn"
SPLITS, QUICK_SPLITS = 10, 3
SWAPPED = 0.05
#: How a suspected wrong label is called in ``suspects.csv``.
_KIND = "suspected label"
_HUNDRED = 100
#: Photos that test for each that trains, where all are used.
_TESTED = photo_splits.HELD_OUT / (1 - photo_splits.HELD_OUT)


def rounds(options: Options) -> Sequence[Sequence[Measurement]]:
    splits = options.seeds or (QUICK_SPLITS if options.quick else SPLITS)
    shutil.rmtree(FOLDER / "splits", ignore_errors=True)
    sets = [photo_splits.read(folder) for folder in options.folders]
    return [_round(sets, split, options) for split in range(1, splits + 1)]


def _round(sets: Sequence[Photos], split: int, options: Options) -> list[Measurement]:
    foreign = [str(file) for file in photo_splits.below(options.foreign)] if options.foreign else []
    found = []
    for photos in sets:
        for size in photo_splits.SIZES:
            row = f"{photos.name}, {size or 'all'} a class"
            chosen = photo_splits.split(photos, split, size)
            found += _contestants(row, _laid_out(row, split, chosen), split, options, foreign)
        whole = photo_splits.split(photos, split, None)
        for row, task, chosen, more in (
            (f"{photos.name}, {_HUNDRED} photos", "starts", _hundred(whole), {}),
            (f"{photos.name}, {100 * SWAPPED:.0f} % swapped", "suspects", *_swapped(whole, split)),
        ):
            job = _job(_laid_out(row, split, chosen), split, options, task=task, **more)
            found.append(Measurement(row, OWN, "convoscope", "photo_classifier", job))
    return [each for each in found if not options.rows or any(word in each.row for word in options.rows)]


def _contestants(row: str, place: Path, split: int, options: Options, foreign: list[str]) -> list[Measurement]:
    own = _job(place, split, options, task="photos", foreign=foreign)
    scratch = _job(place, split, options, "--backbone", "none", task="photos", foreign=[])
    reference = {
        "task": "photos",
        "split": str(_list_of(place)),
        "cache": str(FOLDER / "features"),
        "threads": options.threads,
    }
    return [
        Measurement(row, OWN, "convoscope", "photo_classifier", own),
        Measurement(row, SCRATCH, "convoscope", "photo_classifier", scratch),
        Measurement(row, REFERENCE, "scikit-learn", "frozen", reference),
    ]


def _job(place: Path, split: int, options: Options, *more: str, **rest: Any) -> dict[str, Any]:
    told = ["--seed", str(split), *more]
    return {"folder": str(place), "options": told, "threads": options.threads, **rest}


def _laid_out(row: str, split: int, chosen: Split) -> Path:
    """Lay a split out in folders, with a list of its files beside their folder."""
    place = chosen.lay_out(FOLDER / "splits" / f"{row.replace(' ', '-').replace(',', '')}-{split}")
    parts = {"train": chosen.train, "test": chosen.test}
    listed = {part: [(str(file), label) for file, label in photos] for part, photos in parts.items()}
    _list_of(place).write_text(json.dumps(listed), encoding="utf-8")
    return place


def _list_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.json")


def _hundred(whole: Split) -> Split:
    """Return a hundred of the photos, four fifths to train with, evenly from all classes."""
    tested = _HUNDRED // 5
    return Split(_evenly(whole.train, _HUNDRED - tested), _evenly(whole.test, tested))


def _evenly(photos: tuple[tuple[Path, str], ...], most: int) -> tuple[tuple[Path, str], ...]:
    count = min(most, len(photos))
    return tuple(photos[index * len(photos) // count] for index in range(count))


def _swapped(whole: Split, split: int) -> tuple[Split, dict[str, Any]]:
    """Put one training photo in twenty under another class; return the split, and what they will be called."""
    draw = random.Random(f"swapped {split}")
    names = sorted({label for _, label in whole.train})
    chosen = set(draw.sample(range(len(whole.train)), round(SWAPPED * len(whole.train))))
    wrong = {index: draw.choice([name for name in names if name != whole.train[index][1]]) for index in sorted(chosen)}
    train = tuple((file, wrong.get(index, label)) for index, (file, label) in enumerate(whole.train))
    changed = Split(train, whole.test)
    return changed, {"swapped": [changed.name("train", index) for index in sorted(chosen)], "kind": _KIND}


def section(result: Result) -> Section:
    accuracies = []
    for row in result.rows():
        own = {sample["round"]: sample for sample in result.of(row, OWN)}
        for peer in result.peers(row):
            samples = result.of(row, peer)
            if not samples or "accuracy" not in samples[0]:
                continue
            paired = [own[s["round"]]["accuracy"] - s["accuracy"] for s in samples if s["round"] in own and peer != OWN]
            accuracies.append(
                (
                    f"{row}: {peer}",
                    _percent([sample["accuracy"] for sample in samples]),
                    _percent(paired) if paired else "–",
                    spelled(result.spread(row, peer)),
                    number(calibration_error(sample["bins"] for sample in samples), 2),
                    _share(samples, "refused"),
                    _share(samples, "lost"),
                )
            )
    heading = ("", "accuracy, %", f"{OWN} is ahead by, points", "seconds", "calibration error", "refused, %", "lost, %")
    text = f"""
A random quarter of the photos of each class is held out for testing, and near-duplicates stay together; 5, 10, 20
or all of the others are used for training. All methods get the same {result.settings["rounds"]} splits. Figures are
means with their 95 % intervals over the splits (with Nadeau and Bengio's correction for overlapping splits), and the
difference split by split. {OWN} runs `convoscope train FOLDER`, from scratch with `--backbone none`, from the
command to the report, with nothing kept from earlier runs. {REFERENCE} computes the features of a frozen
EfficientNet-Lite0 and fits a logistic regression, with its regularization chosen by cross-validation; the seconds
include its whole process. The calibration error is that of all test photos of all splits, in 15 bins. "Refused" are
photos of none of the classes; "lost" are test photos that were classified correctly but refused.

{table(heading, accuracies)}
"""
    text += _starts(result) + _suspects(result)
    return Section(text)


def _starts(result: Result) -> str:
    rows = [
        (row, spelled(result.spread(row, OWN)), spelled(result.spread(row, OWN, "second")))
        for row in result.rows()
        if result.spread(row, OWN, "second")
    ]
    return f"\n{table(('', 'seconds, cold', 'seconds, second start'), rows)}\n" if rows else ""


def _suspects(result: Result) -> str:
    rows = [
        (row, _share(result.of(row, OWN), "recall"), _share(result.of(row, OWN), "precision"))
        for row in result.rows()
        if result.spread(row, OWN, "recall")
    ]
    return (
        f"\n{table(('Labels', 'found, % of those swapped', 'swapped, % of those suspected'), rows)}\n" if rows else ""
    )


def _percent(values: Sequence[float]) -> str:
    mean, half = interval([100 * value for value in values], _TESTED)
    return f"{mean:.1f}" if half != half else f"{mean:.1f} ± {half:.1f}"


def _share(samples: Sequence[dict[str, Any]], key: str) -> str:
    values = [sample[key] for sample in samples if key in sample]
    return _percent(values) if values else "–"


PART = Part(
    "photos",
    "Your own photos",
    ("convoscope", "scikit-learn"),
    rounds,
    section,
    keeps=("accuracy", "seconds", "second", "bins", "way", "refused", "lost", "recall", "precision", "load", "others"),
)
