"""What came of runs: each one's figures, and their means over seeds."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from convoscope.errors import ConvoscopeError, FileFormatError, MissingFileError
from convoscope.experiments import failure
from convoscope.experiments.contents import COMPARISON, LISTED
from convoscope.experiments.plan import Experiment
from convoscope.paths import is_there, open_regular, refuse_address, user_path
from convoscope.runs import RunFolder
from convoscope.runs.folder import FORMAT
from convoscope.runs.reading import SHARE, Record, check, number
from convoscope.storage import read_json

WAITING, BEGUN, FINISHED, FAILED, DAMAGED = "waiting", "begun", "finished", "failed", "damaged"
_ASIDE = ("dataset", "data_dir", "seed", "threads", "engine", "device", "precision")
_JUDGED = Record({"seconds": number(0)}, {"accuracy": SHARE, "val_accuracy": SHARE})
_CHOSEN_BY = ("validation", "cross-validation")  # what a report is about where there are no test images
_OWN = frozenset({"history.jsonl", "checkpoint.safetensors"})  # what only a run's folder has
_BEGINNING = 4096  # bytes, in which a file says what it is


@dataclass(frozen=True)
class Result:
    """One run.

    Attributes
    ----------
    folder : Path
    settings : dict
        All settings of the run: see `convoscope.runs.TrainSettings`.
    point : dict
        Its values of the settings that are varied.
    state : {"waiting", "begun", "finished", "failed", "damaged"}
    reason : str or None
        Why it failed, or what is wrong with its files.
    epochs : int
        How many are done.
    figures : dict of str to float
        As far as they are known: ``val_accuracy`` of the epoch whose model is kept; ``gap``, the accuracy in training
        minus that in validation in the last epoch; ``train_accuracy`` in that epoch; ``parameters``;
        ``multiply_adds`` an image; ``seconds`` of training; ``images_a_second``; and ``test_accuracy``, which decides
        nothing.
    host : str or None
        Of a study that several machines work on: the machine that `folder` is on.

    Examples
    --------
    >>> result = Result(Path("runs/1"), {"filters": 8, "seed": 0}, {"filters": 8}, "finished", None, 5, {"gap": 0.02})
    >>> result.point, result.state, result.figures["gap"]
    ({'filters': 8}, 'finished', 0.02)
    """

    folder: Path
    settings: dict[str, Any]
    point: dict[str, Any]
    state: str
    reason: str | None
    epochs: int
    figures: dict[str, float]
    host: str | None = None


@dataclass(frozen=True)
class Figure:
    """A mean over runs, and how far they are spread: the sample standard deviation, None of a single run."""

    mean: float
    spread: float | None


@dataclass(frozen=True)
class Row:
    """The runs that differ only by their seed.

    Examples
    --------
    >>> def run(filters, seed, accuracy):
    ...     settings = {"filters": filters, "seed": seed}
    ...     return Result(Path("runs"), settings, {"filters": filters}, "finished", None, 5, {"val_accuracy": accuracy})
    >>> row = Row({"filters": 8}, (run(8, 0, 0.97), run(8, 1, 0.99)))
    >>> accuracy = row.figure("val_accuracy")
    >>> round(accuracy.mean, 4), round(accuracy.spread, 4)
    (0.98, 0.0141)
    """

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
        """Return the mean and spread of a figure over the finished runs, or None if one of them lacks it.

        Examples
        --------
        >>> def run(accuracy):
        ...     return Result(Path("runs"), {}, {}, "finished", None, 5, {"val_accuracy": accuracy})
        >>> Row({}, (run(0.97), run(0.97))).figure("val_accuracy")
        Figure(mean=0.97, spread=0.0)
        """
        values = [result.figures.get(name) for result in self.finished]
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        return Figure(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None)


def results(*sources: Experiment | str | os.PathLike[str]) -> list[Result]:
    """Read the results of experiments and runs.

    Parameters
    ----------
    *sources : Experiment, str or path-like
        Folders of experiments or of runs, or folders that contain some.

    Raises
    ------
    MissingFileError
        If there is neither an experiment nor a run.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.experiments.grid import begin
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     begun, _ = begin("digits", {"filters": [2, 4]}, out=f"{folder}/filters")
    ...     [(result.point, result.state, result.epochs) for result in results(begun)]
    [({'filters': 2}, 'waiting', 0), ({'filters': 4}, 'waiting', 0)]
    """
    found: list[Result] = []
    for source in sources:
        path = source.path if isinstance(source, Experiment) else user_path(source)
        experiment = Experiment(path)
        if is_there(experiment.file):
            found += _of_study(experiment) if is_there(experiment.study) else _of(experiment)
            continue
        runs = run_folders(path)
        if not runs:
            refuse_address(path)
            raise MissingFileError(
                f"There is no run in {path}. Give the folders of runs or experiments; or, to train networks and "
                "compare them, a data set and the settings to vary: convoscope compare digits --vary filters=8,16,32"
            )
        found += [read(run) for run in runs]
    if len(sources) > 1 or not all(result.point for result in found):
        return _by_what_differs(found)
    return found


def _of(experiment: Experiment) -> list[Result]:
    try:
        content = experiment.read()
        if content["kind"] == COMPARISON:
            planned = experiment.planned()
            return [read(experiment.folder(run.name), run.settings.as_dict(), run.point) for run in planned]
    except FileFormatError as error:  # what was trained is there all the same
        lost = Result(experiment.path, {}, {}, DAMAGED, str(error), 0, {})
        return [lost, *(read(folder) for folder in run_folders(experiment.runs))]
    tried = [read(folder) for folder in run_folders(experiment.runs)]
    return [replace(result, point={name: result.settings.get(name) for name in content["varied"]}) for result in tried]


def _of_study(experiment: Experiment) -> list[Result]:
    from convoscope.experiments.outcomes import read as read_study

    try:
        return read_study(experiment.study)
    except FileFormatError as error:  # what was trained here is there all the same
        return [Result(experiment.path, {}, {}, DAMAGED, str(error), 0, {}), *_of(experiment)]


def run_folders(path: Path) -> list[RunFolder]:
    """Find the runs in a folder, in its subfolders and in experiments below it, by name."""
    folders = sorted(Path(folder) for folder, _, files in os.walk(path) if _is_run(Path(folder), files))
    return [RunFolder(folder) for folder in folders]


def read(folder: RunFolder, settings: dict[str, Any] | None = None, point: dict[str, Any] | None = None) -> Result:
    """Read one run as far as it is; its settings, if they are not given, from its folder.

    Of a run whose files are damaged, or may not be read, the result says so.
    """
    known = settings or {}
    try:
        begun = is_there(folder.config)
        if begun and not known:
            told = folder.read_config()["settings"]
            check(told, LISTED, f"The settings in {folder.config}")
            known = told
        reason = failure.reason(folder)
        state = FAILED if reason is not None else BEGUN if begun else WAITING
        history = folder.read_history() if begun else []
        figures = _epoch_figures(history, folder.history)
        if state == BEGUN and is_there(folder.report):
            state = FINISHED
            figures |= _report_figures(folder.read_report(), history)
    except ConvoscopeError as error:
        return Result(folder.path, known, point or {}, DAMAGED, str(error), 0, {})
    return Result(folder.path, known, point or {}, state, reason, history[-1]["epoch"] if history else 0, figures)


def rows(found: Iterable[Result]) -> list[Row]:
    """Group runs that differ only by their seed, in the order in which they come.

    A damaged run, whose settings may be unknown, gets a row of its own.

    Examples
    --------
    >>> def run(filters, seed, accuracy):
    ...     settings = {"filters": filters, "seed": seed}
    ...     return Result(Path("runs"), settings, {"filters": filters}, "finished", None, 5, {"val_accuracy": accuracy})
    >>> [(row.point, len(row.results)) for row in rows([run(8, 0, 0.97), run(8, 1, 0.99), run(16, 0, 0.98)])]
    [({'filters': 8}, 2), ({'filters': 16}, 1)]
    """
    together: dict[str, list[Result]] = {}
    for result in found:
        alone = str(result.folder) if not result.settings else None
        together.setdefault(json.dumps([result.settings.get("dataset"), result.point, alone]), []).append(result)
    return [Row(group[0].point, tuple(group)) for group in together.values()]


def best(table: Sequence[Row]) -> Row | None:
    """Return the row with the highest mean accuracy in validation, or None if none has one."""
    scored = [(figure.mean, row) for row in table if (figure := row.figure("val_accuracy")) is not None]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _epoch_figures(history: list[dict[str, Any]], where: Path) -> dict[str, float]:
    if not history:
        return {}
    for epoch in history:
        check(epoch, _JUDGED, f"Epoch {epoch['epoch']} in {where}")
    last = history[-1]
    figures = {"seconds": round(sum(epoch["seconds"] for epoch in history), 3)}
    if "accuracy" in last:  # nobody asks a head on a frozen backbone for it
        figures["train_accuracy"] = last["accuracy"]
    validated = [epoch["val_accuracy"] for epoch in history if "val_accuracy" in epoch]
    if "val_accuracy" in last:
        figures["val_accuracy"] = max(validated)
    if "accuracy" in last and "val_accuracy" in last:
        figures["gap"] = last["accuracy"] - last["val_accuracy"]
    return figures


def _report_figures(report: dict[str, Any], history: list[dict[str, Any]]) -> dict[str, float]:
    names = ("parameters", "multiply_adds", "images_a_second")
    figures: dict[str, float] = {name: report[name] for name in names if name in report}
    kept = next((epoch for epoch in history if epoch["epoch"] == report["kept_epoch"]), {})
    if "val_accuracy" in kept:
        figures["val_accuracy"] = kept["val_accuracy"]
    return figures if report.get("part") in _CHOSEN_BY else {**figures, "test_accuracy": report["accuracy"]}


def _by_what_differs(found: list[Result]) -> list[Result]:
    """Give runs of different experiments the settings in which they differ for a point."""
    known = [result for result in found if result.settings]
    names = [name for name in _names(known) if name not in _ASIDE]
    different = [name for name in names if len({json.dumps(result.settings.get(name)) for result in known}) > 1]
    if len({result.settings.get("dataset") for result in known}) > 1:
        different.insert(0, "dataset")
    points = ({name: result.settings.get(name) for name in different} if result.settings else {} for result in found)
    return [replace(result, point=point) for result, point in zip(found, points, strict=True)]


def _names(found: list[Result]) -> list[str]:
    return list(dict.fromkeys(name for result in found for name in result.settings))


def _is_run(folder: Path, files: Sequence[str]) -> bool:
    """Say whether a folder is a run's, perhaps with damaged files; other programs have a ``config.json`` too."""
    if "config.json" not in files:
        return False
    try:
        return bool(read_json(folder / "config.json").get("format") == FORMAT) or not _OWN.isdisjoint(files)
    except ConvoscopeError:
        return not _OWN.isdisjoint(files) or _names_its_format(folder / "config.json")


def _names_its_format(config: Path) -> bool:
    try:
        with open_regular(config) as file:
            return FORMAT.encode() in file.read(_BEGINNING)
    except ConvoscopeError:
        return False
