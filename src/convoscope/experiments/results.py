"""What came of runs: each one's figures, and their means over seeds."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from convoscope.errors import MissingFileError
from convoscope.experiments import failure
from convoscope.experiments.plan import Experiment
from convoscope.runs import RunFolder
from convoscope.runs.folder import FORMAT
from convoscope.storage import read_json

WAITING, BEGUN, FINISHED, FAILED = "waiting", "begun", "finished", "failed"
_ASIDE = ("dataset", "data_dir", "seed", "threads", "engine")


@dataclass(frozen=True)
class Result:
    """One run.

    Attributes
    ----------
    folder : Path
    settings : dict
        All that it was told: see `convoscope.runs.TrainSettings`.
    point : dict
        Which of what is varied it has.
    state : {"waiting", "begun", "finished", "failed"}
    reason : str or None
        Why it failed.
    epochs : int
        How many are done.
    figures : dict of str to float
        As far as there are any: ``val_accuracy`` of the epoch whose model is kept; ``gap``, the accuracy in training
        less that in validation in the last epoch; ``train_accuracy`` in that epoch; ``parameters``;
        ``multiply_adds`` an image; ``seconds`` of training; ``images_a_second``; and ``test_accuracy``, which decides
        nothing.
    """

    folder: Path
    settings: dict[str, Any]
    point: dict[str, Any]
    state: str
    reason: str | None
    epochs: int
    figures: dict[str, float]


@dataclass(frozen=True)
class Figure:
    """A mean over runs, and how far they are spread: the sample standard deviation, None of a single run."""

    mean: float
    spread: float | None


@dataclass(frozen=True)
class Row:
    """The runs that differ by their seed alone."""

    point: dict[str, Any]
    results: tuple[Result, ...]

    @property
    def finished(self) -> tuple[Result, ...]:
        """Those that came to their end."""
        return tuple(result for result in self.results if result.state == FINISHED)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the others failed, each reason once."""
        return tuple(dict.fromkeys(result.reason for result in self.results if result.reason is not None))

    def figure(self, name: str) -> Figure | None:
        """Return a figure's mean and spread over the finished runs, or None if one of them lacks it."""
        values = [result.figures.get(name) for result in self.finished]
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        return Figure(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None)


def results(*sources: Experiment | str | os.PathLike[str]) -> list[Result]:
    """Read what came of experiments and runs.

    Parameters
    ----------
    *sources : Experiment, str or path-like
        Experiments' folders, runs' folders, or folders that have some in them.

    Raises
    ------
    MissingFileError
        There is neither an experiment nor a run.
    """
    found: list[Result] = []
    for source in sources:
        path = source.path if isinstance(source, Experiment) else Path(source)
        experiment = Experiment(path)
        if experiment.file.is_file():
            found += _of(experiment)
            continue
        runs = run_folders(path)
        if not runs:
            raise MissingFileError(
                f"There is no run in {path}. Give the folders of runs or experiments; or, to train networks and "
                f"compare them, a data set with what to vary: convoscope compare digits --vary filters=8,16,32"
            )
        found += [read(run) for run in runs]
    if len(sources) > 1 or not all(result.point for result in found):
        return _by_what_differs(found)
    return found


def _of(experiment: Experiment) -> list[Result]:
    content = experiment.read()
    if content.get("kind") != "search":
        return [read(experiment.folder(run.name), run.settings.as_dict(), run.point) for run in experiment.planned()]
    tried = [read(folder) for folder in run_folders(experiment.runs)]
    return [replace(result, point={name: result.settings.get(name) for name in content["varied"]}) for result in tried]


def run_folders(path: Path) -> list[RunFolder]:
    """Find the runs in a folder, in its subfolders and in experiments below it, by name."""
    configs = [Path(folder) / "config.json" for folder, _, files in os.walk(path) if "config.json" in files]
    return [RunFolder(config.parent) for config in sorted(configs) if _is_run(config)]


def read(folder: RunFolder, settings: dict[str, Any] | None = None, point: dict[str, Any] | None = None) -> Result:
    """Read one run as far as it is; its settings, if they are not given, from its folder."""
    begun = folder.config.exists()
    history = folder.read_history() if begun else []
    known = settings or (folder.read_config().get("settings", {}) if begun else {})
    figures = _epoch_figures(history)
    reason = failure.reason(folder)
    state = FAILED if reason is not None else BEGUN if begun else WAITING
    if state == BEGUN and folder.report.exists():
        state = FINISHED
        figures |= _report_figures(read_json(folder.report), history)
    return Result(folder.path, known, point or {}, state, reason, len(history), figures)


def rows(found: Iterable[Result]) -> list[Row]:
    """Put runs that differ by their seed alone together, in the order in which they come."""
    together: dict[str, list[Result]] = {}
    for result in found:
        together.setdefault(json.dumps([result.settings.get("dataset"), result.point]), []).append(result)
    return [Row(group[0].point, tuple(group)) for group in together.values()]


def best(table: Sequence[Row]) -> Row | None:
    """Return the row with the highest mean accuracy in validation, or None if none has one."""
    scored = [(figure.mean, row) for row in table if (figure := row.figure("val_accuracy")) is not None]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _epoch_figures(history: list[dict[str, Any]]) -> dict[str, float]:
    if not history:
        return {}
    last = history[-1]
    figures = {"seconds": round(sum(epoch["seconds"] for epoch in history), 3), "train_accuracy": last["accuracy"]}
    if "val_accuracy" in last:
        figures |= {
            "val_accuracy": max(epoch["val_accuracy"] for epoch in history),
            "gap": last["accuracy"] - last["val_accuracy"],
        }
    return figures


def _report_figures(report: dict[str, Any], history: list[dict[str, Any]]) -> dict[str, float]:
    names = ("parameters", "multiply_adds", "images_a_second")
    figures: dict[str, float] = {name: report[name] for name in names if name in report}
    kept = history[report["kept_epoch"] - 1]
    if "val_accuracy" in kept:
        figures["val_accuracy"] = kept["val_accuracy"]
    return {**figures, "test_accuracy": report["accuracy"]}


def _by_what_differs(found: list[Result]) -> list[Result]:
    """Give runs of different experiments the settings in which they differ for a point."""
    names = [name for name in _names(found) if name not in _ASIDE]
    different = [name for name in names if len({json.dumps(result.settings.get(name)) for result in found}) > 1]
    if len({result.settings.get("dataset") for result in found}) > 1:
        different.insert(0, "dataset")
    return [replace(result, point={name: result.settings.get(name) for name in different}) for result in found]


def _names(found: list[Result]) -> list[str]:
    return list(dict.fromkeys(name for result in found for name in result.settings))


def _is_run(config: Path) -> bool:
    try:
        return bool(json.loads(config.read_text(encoding="utf-8")).get("format") == FORMAT)
    except (OSError, ValueError, AttributeError):
        return False
