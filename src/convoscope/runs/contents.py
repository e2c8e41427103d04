"""What the files of a run's folder hold. A file that says otherwise is damaged, or was written by another program."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from convoscope.errors import FileFormatError
from convoscope.paths import open_regular
from convoscope.runs.reading import (
    FLAG,
    MEASURED,
    NOTHING,
    SHARE,
    TEXT,
    ListOf,
    OrNone,
    Record,
    check,
    number,
    one_of,
    whole,
)
from convoscope.storage import read_json

_STOPPED = one_of(None, "goal", "patience")
_PREDICTED = {"index": whole(), "true": whole(), "predicted": whole()}

_RATE_CHANGE = {"batch": whole(), "before": number(0), "after": number(0)}
EPOCH = Record(
    {"epoch": whole(1)},
    {
        "accuracy": SHARE,
        "val_accuracy": SHARE,
        "seconds": number(0),
        "rate_changes": ListOf(Record(_RATE_CHANGE, {"factor": number(0)})),  # by hand, from the page
    },
    others=MEASURED,
)
CONFIG = Record(
    {"settings": Record()},  # which `TrainSettings` knows best
    {
        "created": OrNone(TEXT),
        "data": Record(
            {},
            {
                "name": TEXT,
                "where": TEXT,
                "train_images": whole(),
                "test_images": whole(),
                "class_names": ListOf(TEXT),
                "digest": OrNone(TEXT),
            },
        ),
        "versions": Record(),
    },
)
REPORT = Record(
    {
        "images": whole(),
        "mistakes": whole(),
        "accuracy": SHARE,
        "kept_epoch": whole(),
        "classes": ListOf(
            Record({"name": TEXT}, {"precision": SHARE, "recall": SHARE, "f1": SHARE, "support": whole()}), least=1
        ),
        "confusion_matrix": ListOf(ListOf(whole()), least=1),
        "worst_mistakes": ListOf(
            Record({**_PREDICTED, "probability": number(), "true_probability": number()}, {"file": TEXT})
        ),
    },
    {
        "data": TEXT,
        "epochs": whole(),
        "stopped": _STOPPED,
        "seconds": number(0),
        "images_a_second": number(0),
        "parameters": whole(),
        "multiply_adds": whole(),
        "last_epoch": EPOCH,
        "rate_changes": ListOf(Record({"epoch": whole(1), **_RATE_CHANGE}, {"factor": number(0)})),
        "interval": ListOf(SHARE, least=2),
        "calibration_error": SHARE,
    },
)
_TRACKER = Record({"id": OrNone(TEXT)})
TRAINING_STATE = Record(
    {
        "epoch": whole(),
        "best": OrNone(number()),
        "best_epoch": whole(),
        "stopped": _STOPPED,
        "callbacks": Record(
            {},
            {
                "patience": Record(
                    {
                        "best": OrNone(MEASURED),
                        "wait": whole(),
                        "stopped_epoch": whole(),
                        "best_epoch": whole(),
                        "best_weights": NOTHING,
                    }
                ),
                "mlflow": _TRACKER,
                "wandb": _TRACKER,
            },
            others=Record(),
        ),
    },
    {"history": ListOf(EPOCH)},  # of runs of earlier versions, which kept it there too
)
FAILURE = Record({"reason": TEXT}, {"again": FLAG})


def read_report(path: Path) -> dict[str, Any]:
    """Read ``report.json``.

    Raises
    ------
    MissingFileError, FileFormatError
    """
    report = read_json(path)
    check(report, REPORT, path)
    classes = len(report["classes"])
    if [len(row) for row in report["confusion_matrix"]] != [classes] * classes:
        raise FileFormatError(f"{path} is damaged: confusion_matrix must have {classes} rows of {classes} counts.")
    for index, each in enumerate(report["worst_mistakes"]):
        if max(each["true"], each["predicted"]) >= classes:
            raise FileFormatError(f"{path} is damaged: worst_mistakes[{index}] names an unknown class.")
    return report


def epochs_in(path: Path) -> Iterator[dict[str, Any]]:
    """Read ``history.jsonl`` line by line; a last line that a kill cut short is left out.

    Raises
    ------
    FileFormatError
        Where a line is damaged, after those before it.
    """
    with open_regular(path) as file:
        lines = file.read().split(b"\n")
    for index, line in enumerate(lines, 1):
        if index == len(lines) and not is_whole(line):
            return
        epoch = _parsed(line, f"{path} is damaged in line {index}")
        check(epoch, EPOCH, f"Line {index} of {path}")
        yield epoch


def end_last_line(file: BinaryIO) -> None:
    """Take away what a kill cut short at the end of a file of lines, so that no new line is joined to it."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    kept, _, last = file.read().rpartition(b"\n")
    if is_whole(last):
        file.write(b"\n")
    else:
        file.truncate(len(kept) + 1 if kept else 0)


def is_whole(line: bytes) -> bool:
    """Say whether the last line of a file, after which no new line begins, is more than the beginning of one."""
    try:
        return isinstance(json.loads(line.decode("utf-8")), dict)
    except (ValueError, RecursionError):
        return False


def _parsed(line: bytes, complaint: str) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except RecursionError as error:
        raise FileFormatError(f"{complaint}: it is nested too deeply.") from error
    except ValueError as error:
        raise FileFormatError(
            f"{complaint}: it is not JSON ({error}). Remove the file to continue without it; the checkpoint contains "
            "everything that training needs."
        ) from error
