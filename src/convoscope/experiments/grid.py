"""Every combination of varied settings, trained beside each other, each as a run of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from convoscope.datasets import Dataset, DatasetInfo
from convoscope.datasets.registry import source
from convoscope.engine.select import use
from convoscope.engine.threads import get_threads, set_threads
from convoscope.errors import ConfigurationError, FileFormatError, StorageError
from convoscope.experiments import failure
from convoscope.experiments.plan import Experiment, PlannedRun, as_json, plan, refuse_alone
from convoscope.experiments.processes import Ended, run_all, share
from convoscope.experiments.space import checked, setting
from convoscope.experiments.training import attempt, is_complete
from convoscope.locks import alone_in
from convoscope.paths import user_path
from convoscope.runs import RunFolder
from convoscope.runs.checking import check_network, unread
from convoscope.runs.defaults import VALIDATION
from convoscope.storage import remove_leftovers

if TYPE_CHECKING:
    from convoscope.experiments.results import Result
    from convoscope.experiments.work import Task

_WORKER = "convoscope.experiments.worker"
Told = Callable[[str, PlannedRun, int, int], None]
"""Called as ``told(event, run, done, of)`` when a run has "finished" or "failed"."""


def compare(
    dataset: str,
    vary: Mapping[str, Any],
    *,
    out: str | os.PathLike[str] | None = None,
    seeds: int = 1,
    fixed: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    threads: int | None = None,
    engine: str = "auto",
    data_dir: str | os.PathLike[str] | None = None,
    told: Told | None = None,
    storage: str | os.PathLike[str] | None = None,
    study: str | None = None,
) -> Experiment:
    """Train every combination of some settings, and return when all are done.

    Parameters
    ----------
    dataset : str
        A data set's name, or the path of your own images.
    vary : mapping of str to sequence
        Settings of a run with their values: ``{"filters": [8, 16, 32], "convolutions": [1, 2]}``.
    out : str or path-like, optional
        The experiment's folder, with a folder for each run; ``runs/compare-DATASET-1`` and so on by default. `resume`
        continues it after a kill.
    seeds : int
        How often each combination is trained, with its own first weights, order and validation images.
    fixed : mapping, optional
        Settings that all runs have.
    jobs, threads : int, optional
        How many runs train at a time, and with how many threads each. By default they share all processors.
    engine : {"auto", "native", "reference", "torch"}
    data_dir : str or path-like, optional
        The folder that is searched first for the data set.
    told : callable, optional
        Called as ``told(event, run, done, of)`` when a run has ``"finished"`` or has ``"failed"``.
    storage : str or path-like, optional
        Where a study is kept that several machines work on: a journal file, or a database's URL. All machines give the
        same arguments; the first one begins the study, the others join. The call returns when all runs are done, on all
        machines, and `convoscope.experiments.results` has the runs of all.
    study : str, optional
        The study's name, by default that of the experiment's folder.

    Returns
    -------
    Experiment
        Read it with `convoscope.experiments.results`, which also gives the reasons why runs failed.

    Raises
    ------
    ConfigurationError
        If a setting is unknown or has no values, or a combination contradicts itself.
    StorageError
        If the disk is full (finished runs are kept), or the study's storage cannot be reached.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.experiments import results
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = compare("digits", {"filters": [2, 4]}, out=f"{folder}/filters", fixed={"epochs": 1}, jobs=1)
    ...     [(result.point, result.state, result.figures["parameters"]) for result in results(done)]
    [({'filters': 2}, 'finished', 2500), ({'filters': 4}, 'finished', 3654)]
    """
    computing: dict[str, Any] = {"jobs": jobs, "threads": threads, "engine": engine, "data_dir": data_dir}
    if storage is not None:
        from convoscope.experiments.joining import join_grid  # which begins with what is here

        joined, at_once = join_grid(dataset, vary, storage, study, out=out, seeds=seeds, fixed=fixed, **computing)
        planned = {run.name: run for run in joined.experiment.planned()}

        def trained(task: Task, result: Result) -> None:
            if told is not None:
                event = "finished" if result.reason is None else "failed"
                told(event, planned[task.name], joined.count().done, len(planned))

        joined.train(at_once, trained=trained)
        return joined.experiment
    if study is not None:
        raise ConfigurationError("study is a name in a storage, but no storage is given. Give both.")
    experiment, at_once = begin(dataset, vary, out=out, seeds=seeds, fixed=fixed, **computing)
    return resume(experiment.path, jobs=at_once, told=told)


def begin(
    dataset: str,
    vary: Mapping[str, Any],
    *,
    out: str | os.PathLike[str] | None = None,
    seeds: int = 1,
    fixed: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    threads: int | None = None,
    engine: str = "auto",
    data_dir: str | os.PathLike[str] | None = None,
) -> tuple[Experiment, int]:
    """Write down all runs of a comparison without training any; return it, and how many runs to train at a time."""
    content, at_once, data = contents(
        dataset, vary, seeds=seeds, fixed=fixed, jobs=jobs, threads=threads, engine=engine, data_dir=data_dir
    )
    folder = RunFolder.create_numbered("runs", f"compare-{data.info.name}").path if out is None else out
    return Experiment.create(folder, content), at_once


def contents(
    dataset: str,
    vary: Mapping[str, Any],
    *,
    seeds: int,
    fixed: Mapping[str, Any] | None,
    jobs: int | None,
    threads: int | None,
    engine: str,
    data_dir: str | os.PathLike[str] | None,
) -> tuple[dict[str, Any], int, Dataset]:
    """Work out what ``experiment.json`` of a comparison holds, how many runs to train at a time, and load the data."""
    grid = checked(vary)
    for number, name in ((seeds, "seeds"), (jobs, "jobs"), (threads, "threads")):
        if number is not None and number < 1:
            raise ConfigurationError(f"--{name} must be 1 or more, but is {number}.")
    settings = {setting(name): value for name, value in (fixed or {}).items()}
    if twice := sorted(settings.keys() & grid.keys()):
        raise ConfigurationError(f"{', '.join(twice)} cannot be both varied and set for all runs. Leave out one.")
    if data_dir is not None:
        settings["data_dir"] = str(user_path(data_dir).absolute())
    if source(dataset).known is None:
        for run in plan(unread(dataset), grid, settings, range(1), 1, "reference"):
            check_network(run.settings)
    data = load_for(dataset, settings)
    info, found = data.info, what_fits(data)
    count = seeds
    for values in grid.values():
        count *= len(values)
    at_once, each = share(count, jobs, threads)
    runs = plan(info, grid, {**found, **settings}, range(seeds), each, use(engine).name)
    content = {
        "kind": "comparison",
        "dataset": info.key,
        "varied": grid,
        "fixed": settings,
        "seeds": list(range(seeds)),
        "at_once": at_once,
        "threads": each,
        "runs": [as_json(run) for run in runs],
    }
    return content, at_once, data


def look_at(dataset: str, settings: Mapping[str, Any]) -> tuple[DatasetInfo, dict[str, Any]]:
    """Load a data set once, so that it is there for all runs; return what is known of it, and what fits it."""
    data = load_for(dataset, settings)
    return data.info, what_fits(data)


def load_for(dataset: str, settings: Mapping[str, Any]) -> Dataset:
    """Load a data set as runs with these settings do."""
    wishes: dict[str, Any] = {name: settings.get(name) for name in ("image_size", "color_mode", "max_pixels")}
    wishes["validation_split"] = settings.get("validation", VALIDATION)
    return source(dataset).load(settings.get("data_dir"), **wishes)


def what_fits(data: Dataset) -> dict[str, Any]:
    """Return the settings that a data set asks for by itself."""
    return {} if data.report is None else {"class_weight": data.class_weight}


def resume(
    path: str | os.PathLike[str], *, jobs: int | None = None, told: Told | None = None, here: bool = False
) -> Experiment:
    """Train the unfinished runs of a comparison; one that was begun continues from its last complete epoch.

    Runs that failed by their settings are not repeated; those that ran out of memory or disk space are. Takes what
    `compare` takes. With `here`, runs are trained in this process, one after the other: for those that end before a
    process has started.

    Raises
    ------
    InUseError
        If another process is working on it.
    KeyboardInterrupt
        After all processes have ended, each run with its complete epochs kept.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.experiments.results import results
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     begun, _ = begin("digits", {"filters": [2]}, out=f"{folder}/filters", fixed={"epochs": 1})
    ...     before = results(begun)[0].state
    ...     before, results(resume(begun.path, here=True))[0].state
    ('waiting', 'finished')
    """
    experiment = Experiment.open(path)
    refuse_alone(experiment)
    planned = experiment.planned()
    with alone_in(experiment.path):
        for folder in (experiment.path, *(experiment.folder(run.name).path for run in planned)):
            remove_leftovers(folder)
        left = [run for run in planned if not is_settled(experiment.folder(run.name))]
        at_once = share(len(left), jobs, planned[0].settings.threads)[0]
        _Comparison(experiment, planned, left, told).run(0 if here else at_once)
    return experiment


def is_settled(folder: RunFolder) -> bool:
    """Say whether there is nothing left to do for a run: it is finished, or failed by its own settings."""
    try:
        return failure.is_final(folder) or is_complete(folder)
    except FileFormatError:  # which becomes the reason why it fails
        return False


class _Comparison:
    """Runs that are being trained."""

    def __init__(self, experiment: Experiment, planned: list[PlannedRun], left: list[PlannedRun], told: Told | None):
        self.experiment = experiment
        self.left = {run.name: run for run in left}
        self.of = len(planned)
        self.done = len(planned) - len(left)
        self.told = told
        self.full: str | None = None
        self.interrupted = False

    def run(self, at_once: int) -> None:
        """Train all that are left, so many at a time in processes of their own, or, with 0, in this one."""
        arguments = [(str(self.experiment.path), name) for name in self.left]
        if at_once:
            run_all(_WORKER, arguments, at_once, self._ended)
        else:
            self._train_here(arguments)
        if self.interrupted:
            raise KeyboardInterrupt
        if self.full is not None:
            raise StorageError(
                f"{self.full.rstrip()} {self.of - len(self._unfinished())} of {self.of} runs are done and saved. Free "
                f"some space, then resume: convoscope compare --resume {self.experiment}"
            )

    def _train_here(self, arguments: list[tuple[str, str]]) -> None:
        threads = get_threads()
        try:
            for words in arguments:
                run = self.left[words[1]]
                if not self._ended(words, Ended(*attempt(self.experiment.folder(run.name), run.settings))):
                    return
        finally:
            set_threads(threads)

    def _ended(self, words: tuple[str, ...], ended: Ended) -> bool:
        run = self.left[words[1]]
        folder = self.experiment.folder(run.name)
        if ended.status in (failure.INTERRUPTED, -signal.SIGINT):
            self.interrupted = True
            return False
        if ended.status == failure.NO_ROOM:
            self.full = ended.message
            return False
        self.done += 1
        if ended.status != failure.DONE and not failure.is_recorded(folder):
            failure.record(folder, why(ended), again=True)
        if self.told is not None:
            self.told("finished" if ended.status == failure.DONE else "failed", run, self.done, self.of)
        return True

    def _unfinished(self) -> list[PlannedRun]:
        return [run for run in self.left.values() if not is_settled(self.experiment.folder(run.name))]


def why(ended: Ended) -> str:
    """Say how a process ended that could not say it itself."""
    if ended.status < 0:
        return f"Its process was killed by signal {-ended.status}, which happens when memory runs out."
    return f"Its process ended with status {ended.status}: {ended.message or 'no message'}"
