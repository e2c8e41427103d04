"""An experiment's folder: what is to be trained, written down before anything is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import convoscope
from convoscope.datasets import DatasetInfo
from convoscope.errors import ConfigurationError, FileFormatError, MissingFileError
from convoscope.experiments.contents import COMPARISON, check_experiment
from convoscope.experiments.space import described, points
from convoscope.names import native_path, portable_path
from convoscope.paths import is_there, user_path
from convoscope.runs import RunFolder, TrainSettings
from convoscope.runs.defaults import VALIDATION
from convoscope.storage import read_json, write_json

FORMAT = "convoscope-experiment"
VERSION = 1
_LONGEST_NAME = 60


@dataclass(frozen=True)
class PlannedRun:
    """One run: the name of its folder, which values of varied settings it has, and all its settings."""

    name: str
    point: dict[str, Any]
    settings: TrainSettings


class Experiment:
    """The folder of an experiment.

    Parameters
    ----------
    path : str or path-like
        The folder. Nothing is read or written yet: see `create` and `open`.

    Attributes
    ----------
    file : Path
        ``experiment.json``: varied settings, and each run with its settings.
    runs : Path
        The folder of the runs' folders.
    journal : Path
        Of a search: its trials, as Optuna keeps them.
    study : Path
        Of a study that several machines work on: ``study.json``, with the results of all of them.

    Examples
    --------
    >>> experiment = Experiment("runs/compare-digits-1")
    >>> experiment.file.name, experiment.folder("001-filters-8").path.parent.name
    ('experiment.json', 'runs')
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = user_path(path)
        self.file = self.path / "experiment.json"
        self.runs = self.path / "runs"
        self.journal = self.path / "search.jsonl"
        self.study = self.path / "study.json"

    def __str__(self) -> str:
        return str(self.path)

    @classmethod
    def create(cls, path: str | os.PathLike[str], content: Mapping[str, Any]) -> Experiment:
        """Create a folder, or use an empty one, and write the plan of the experiment into it.

        Raises
        ------
        ConfigurationError
            If the folder exists and is not empty.
        StorageError
            If it cannot be created, or cannot be written to.

        Examples
        --------
        >>> import tempfile
        >>> content = {"kind": "comparison", "dataset": "digits", "seeds": [0], "varied": {"filters": [8]}, "runs": []}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     experiment = Experiment.create(f"{folder}/filters", content)
        ...     sorted(each.name for each in experiment.path.iterdir())
        ['experiment.json']
        """
        experiment = cls(path)
        if is_there(experiment.file):
            raise ConfigurationError(
                f"There is already an experiment in {path}, which is not overwritten. Resume it (compare --resume "
                f"{path}), or give another folder with --out."
            )
        RunFolder.create(path)
        experiment.write(content)
        return experiment

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Experiment:
        """Open the folder of an existing experiment.

        Raises
        ------
        MissingFileError
            If there is none.

        Examples
        --------
        >>> import tempfile
        >>> content = {"kind": "comparison", "dataset": "digits", "seeds": [0], "varied": {"filters": [8]}, "runs": []}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     experiment = Experiment.create(f"{folder}/filters", content)
        ...     Experiment.open(f"{folder}/filters").file.name
        'experiment.json'
        """
        experiment = cls(path)
        if not is_there(experiment.file):
            raise MissingFileError(
                f"There is no experiment in {path}: it has no experiment.json. Give the folder that compare printed; "
                "if compare was stopped before writing it, run the same command again."
            )
        return experiment

    def read(self) -> dict[str, Any]:
        """Read ``experiment.json``. Raises a `FileFormatError` if it is damaged, or not an experiment's.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope.experiments.grid import begin
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     begun, _ = begin("digits", {"filters": [2, 4]}, out=f"{folder}/filters")
        ...     begun.read()["kind"]
        'comparison'
        """
        content = read_json(self.file)
        if content.get("format") != FORMAT or content.get("version") != VERSION:
            raise FileFormatError(
                f"{self.file} is not an experiment of version {VERSION}: it has {content.get('format')!r}, version "
                f"{content.get('version')!r}. Update Convoscope, or use the version that wrote it."
            )
        check_experiment(content, self.file)
        return {**content, "dataset": native_path(content["dataset"])}

    def write(self, content: Mapping[str, Any]) -> None:
        """Write ``experiment.json``."""
        told = {"format": FORMAT, "version": VERSION, "convoscope": convoscope.__version__}
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        dataset = {"dataset": portable_path(content["dataset"])} if "dataset" in content else {}
        write_json(self.file, {**told, "created": created, **content, **dataset})

    def planned(self) -> list[PlannedRun]:
        """Return the runs of a comparison, in the order in which they are trained.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope.experiments.grid import begin
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     begun, _ = begin("digits", {"filters": [2, 4]}, out=f"{folder}/filters")
        ...     [(run.name, run.point) for run in begun.planned()]
        [('001-filters-2-seed-0', {'filters': 2}), ('002-filters-4-seed-0', {'filters': 4})]
        """
        content = self.read()
        if content["kind"] != COMPARISON:
            raise FileFormatError(f"{self.file} is a search, not a comparison: it lists no runs.")
        return [
            PlannedRun(
                run["name"], run["point"], TrainSettings.from_dict(run["settings"], f"{self.file}, {run['name']},")
            )
            for run in content["runs"]
        ]

    def folder(self, name: str) -> RunFolder:
        """Return the folder of a run, which need not exist yet.

        Examples
        --------
        >>> Experiment("runs/filters").folder("001-filters-8").path.name
        '001-filters-8'
        """
        return RunFolder(self.runs / name)


def refuse_alone(experiment: Experiment) -> None:
    """Raise ConfigurationError if an experiment's folder is one machine's part of a study, to be gone on with there."""
    if "study" in experiment.read():
        raise ConfigurationError(
            f"{experiment} is this machine's part of a study. To resume, run the original command again, with its "
            "--storage."
        )


def plan(
    info: DatasetInfo,
    grid: Mapping[str, list[Any]],
    fixed: Mapping[str, Any],
    seeds: Iterable[int],
    threads: int,
    engine: str,
) -> list[PlannedRun]:
    """Work out all runs: first every combination with the first seed, then with the next.

    Raises
    ------
    ConfigurationError
        A combination contradicts itself, or leaves no validation images.
    """
    runs: list[PlannedRun] = []
    for seed in seeds:
        for point in points(grid):
            given = {name: value for name, value in {**fixed, **point}.items() if value is not None}
            told = {"validation": VALIDATION, **given, "seed": seed}
            try:
                settings = TrainSettings.with_defaults(info, threads, engine, **told)
            except ConfigurationError as error:
                raise type(error)(f"With {described(point)}: {error}") from error
            if not settings.validation:
                raise ConfigurationError(
                    "Networks are compared by validation accuracy, and a fraction of 0 leaves no validation images. "
                    "Leave out val, or give a fraction such as 0.1."
                )
            name = f"{len(runs) + 1:03}-{slug(described(point))}-seed-{seed}"
            runs.append(PlannedRun(name, point, settings))
    return runs


def as_json(run: PlannedRun) -> dict[str, Any]:
    """Give a planned run as ``experiment.json`` has it."""
    return {"name": run.name, "point": run.point, "settings": run.settings.as_dict()}


def slug(text: str) -> str:
    """Return a text as part of a folder's name."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:_LONGEST_NAME].strip("-.")
