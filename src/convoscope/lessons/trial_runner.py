"""Where trials are carried out: each run in a folder of its own, gone on with after a kill, never trained twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from convoscope.engine.select import use
from convoscope.errors import ConfigurationError
from convoscope.experiments.grid import Told, is_settled, resume
from convoscope.experiments.plan import Experiment, PlannedRun, as_json, slug
from convoscope.experiments.processes import share
from convoscope.experiments.results import Row, read
from convoscope.lessons import source
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial
from convoscope.locks import alone_in
from convoscope.runs import TrainSettings

QUICK_EPOCHS = 3
# Where and with what it is computed; the rest makes a run what it is.
_ASIDE = ("data_dir", "threads")


def carry_out(
    trials: Iterable[Trial],
    folder: Path,
    *,
    quick: bool = False,
    seeds: int | None = None,
    jobs: int | None = None,
    engine: str = "auto",
    data_dir: str | os.PathLike[str] | None = None,
    told: Told | None = None,
) -> Measured:
    """Train what is not trained yet, and read the results.

    Parameters
    ----------
    trials : iterable of Trial
    folder : Path
        Where the runs are kept.
    quick : bool
        Train once, for a few epochs on enlarged digits, to see that everything works.
    seeds : int, optional
        How often each is trained, instead of what the trial says.
    jobs : int, optional
        How many runs at a time, each in a process of its own; by default as many as there are processors, and the
        quick ones in this process, as they are over before another has started.
    engine : {"auto", "native", "reference"}
    data_dir : str or path-like, optional
        The folder that is searched first for the data sets.
    told : callable, optional
        Called as ``told(event, run, done, of)`` when a run has ``"finished"`` or ``"failed"``.

    Raises
    ------
    MissingFileError, DownloadError
        If a data set is neither on disk nor can be downloaded.
    InUseError
        If another process is working on it.
    """
    for number, name in ((seeds, "seeds"), (jobs, "jobs")):
        if number is not None and number < 1:
            raise ConfigurationError(f"--{name} must be 1 or more, but is {number}.")
    needed = list(dict.fromkeys(trials))
    sources = source.find(needed, folder / "data", quick=quick, data_dir=data_dir)
    computed_by = use(engine).name
    planned: dict[Trial, list[PlannedRun]] = {}
    for trial in needed:
        found = sources[trial.dataset, trial.shuffled]
        threads = share(1)[1] if trial.alone else 1
        times = seeds or (1 if quick else trial.seeds)
        planned[trial] = [_planned(trial, seed, found, threads, computed_by, quick=quick) for seed in range(times)]
    alone = [run for trial, runs in planned.items() if trial.alone for run in runs]
    beside = [run for trial, runs in planned.items() if not trial.alone for run in runs]
    counted = _Counted(told, len(alone) + len(beside))
    here = quick and jobs is None
    at_once = 1 if here else share(len(beside), jobs, 1)[0]
    experiments = {}
    for name, runs, so_many in (("alone", alone, 1), ("beside", beside, at_once)):
        experiments[name] = _train(folder / name, runs, so_many, counted, here=here)
        counted.before += len(runs)
    return Measured({trial: _row(trial, runs, experiments) for trial, runs in planned.items()}, quick=quick)


class _Counted:
    """Counts over several experiments as if they were one."""

    def __init__(self, told: Told | None, of: int) -> None:
        self.told = told
        self.of = of
        self.before = 0

    def __call__(self, event: str, run: PlannedRun, done: int, of: int) -> None:
        if self.told is not None:
            self.told(event, run, self.before + done, self.of)


def _planned(trial: Trial, seed: int, found: source.Source, threads: int, engine: str, *, quick: bool) -> PlannedRun:
    told: dict[str, Any] = {**trial.settings, "seed": seed, "data_dir": found.data_dir}
    if quick:
        told["epochs"] = min(trial.epochs, QUICK_EPOCHS)
    if "layers" in told:
        told["layers"] = told["layers"].format(classes=len(found.info.class_names), max_value=found.info.max_value)
    settings = TrainSettings.with_defaults(found.info, threads, engine, **told)
    name = f"{slug(str(trial))}-seed-{seed}-{_digest(settings)}"
    return PlannedRun(name, {"trial": str(trial)}, settings)


def _digest(settings: TrainSettings) -> str:
    """Tell settings apart, so that a run of others is never taken for one of these."""
    kept = {name: value for name, value in settings.as_dict().items() if name not in _ASIDE}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:8]


def _train(folder: Path, runs: Sequence[PlannedRun], at_once: int, told: Told, *, here: bool) -> Experiment:
    experiment = Experiment(folder)
    if not runs:
        return experiment
    content = {
        "kind": "comparison",
        "dataset": "lessons",
        "varied": {"trial": list(dict.fromkeys(run.point["trial"] for run in runs))},
        "fixed": {},
        "seeds": sorted({run.settings.seed for run in runs}),
        "at_once": at_once,
        "threads": runs[0].settings.threads,
        # The longest first: at the end no processor is to wait for one that has just begun.
        "runs": [as_json(run) for run in sorted(runs, key=lambda run: -run.settings.epochs)],
    }
    if experiment.file.exists():
        with alone_in(folder):
            experiment.write(content)
    else:
        experiment = Experiment.create(folder, content)
    if any(not is_settled(experiment.folder(run.name)) for run in runs):
        resume(folder, jobs=at_once, told=told, here=here)
    return experiment


def _row(trial: Trial, runs: Sequence[PlannedRun], experiments: Mapping[str, Experiment]) -> Row:
    experiment = experiments["alone" if trial.alone else "beside"]
    found = [read(experiment.folder(run.name), run.settings.as_dict(), run.point) for run in runs]
    return Row({"trial": str(trial)}, tuple(found))
