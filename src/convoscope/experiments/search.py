"""The best settings within a time, drawn by Optuna, which is an extra; judged by the accuracy in validation alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from convoscope.datasets import Dataset
from convoscope.datasets.registry import source
from convoscope.engine.select import use
from convoscope.errors import ConfigurationError, FileFormatError, NotReadyError, StorageError
from convoscope.experiments import failure
from convoscope.experiments.contents import SEARCH
from convoscope.experiments.drawing import tidy
from convoscope.experiments.grid import load_for, what_fits
from convoscope.experiments.plan import Experiment, refuse_alone
from convoscope.experiments.processes import Ended, run_all, share
from convoscope.experiments.results import FINISHED, Result, Row, results, rows
from convoscope.experiments.space import Range, checked, setting
from convoscope.paths import is_there, user_path
from convoscope.runs import RunFolder, TrainSettings
from convoscope.runs.checking import check_before_reading
from convoscope.runs.contents import end_last_line
from convoscope.runs.defaults import VALIDATION
from convoscope.storage import remove_leftovers
from convoscope.wording import installing

_WORKER = "convoscope.experiments.searcher"
_NAME = "search"
_MANY = 10_000  # processes: each trains one trial after the other, so that there are no more than run at a time
#: What is searched if nothing else is said: around the lesson's network.
SPACE: dict[str, Any] = {
    "filters": Range(8, 64),
    "convolutions": [1, 2, 3],
    "kernel_size": [3, 5],
    "dense_units": Range(16, 256),
    "dropout": Range(0.0, 0.5),
    "learning_rate": Range(3e-4, 1e-2),
    "batch_size": [32, 64, 128],
}
# What a preset has where its settings say nothing.
_LESSON = {"filters": 64, "convolutions": 2, "kernel_size": 3, "pooling": "max", "dense_units": 128}


def search(
    dataset: str,
    vary: Mapping[str, Any] | None = None,
    *,
    minutes: float,
    out: str | os.PathLike[str] | None = None,
    fixed: Mapping[str, Any] | None = None,
    seed: int = 0,
    jobs: int | None = None,
    threads: int | None = None,
    engine: str = "auto",
    data_dir: str | os.PathLike[str] | None = None,
    storage: str | os.PathLike[str] | None = None,
    study: str | None = None,
) -> Experiment:
    """Look for the settings with the highest accuracy in validation, and come back when the time is up.

    Parameters
    ----------
    dataset : str
        A data set's name, or the path of your own images.
    vary : mapping of str to sequence or Range, optional
        Settings of a run, each with its values or the range they are drawn from; by default `SPACE`, which is around
        the lesson's network. That one is tried first, if it lies within.
    minutes : float
    out : str or path-like, optional
        The experiment's folder, by default ``runs/search-DATASET-1`` and so on. `resume` goes on with it, also on
        several machines that share it.
    fixed : mapping, optional
        Settings that all runs have.
    seed : int
        Of all runs: they hold out the same validation images.
    jobs, threads, engine, data_dir
        See `convoscope.experiments.compare`.
    storage, study
        A study that several machines work on: see `convoscope.experiments.compare`. Each searches for its `minutes`.

    Returns
    -------
    Experiment
        `found` gives what was found.

    Raises
    ------
    NotReadyError
        If Optuna is not installed.
    ConfigurationError, StorageError
        As of `convoscope.experiments.compare`.
    """
    computing: dict[str, Any] = {"jobs": jobs, "threads": threads, "engine": engine, "data_dir": data_dir}
    if storage is not None:
        from convoscope.experiments.joining import join_search

        check_minutes(minutes)
        joined, at_once = join_search(dataset, vary, storage, study, out=out, fixed=fixed, seed=seed, **computing)
        joined.train(at_once, seconds=minutes * 60)
        return joined.experiment
    if study is not None:
        raise ConfigurationError("study is a name in a storage, but no storage is given. Give both.")
    experiment = begin(dataset, vary, out=out, fixed=fixed, seed=seed, **computing)
    return resume(experiment.path, minutes=minutes, jobs=jobs)


def begin(
    dataset: str,
    vary: Mapping[str, Any] | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    fixed: Mapping[str, Any] | None = None,
    seed: int = 0,
    jobs: int | None = None,
    threads: int | None = None,
    engine: str = "auto",
    data_dir: str | os.PathLike[str] | None = None,
) -> Experiment:
    """Write down what a search is to do, without training anything."""
    content, data = contents(
        dataset, vary, fixed=fixed, seed=seed, jobs=jobs, threads=threads, engine=engine, data_dir=data_dir
    )
    folder = RunFolder.create_numbered("runs", f"search-{data.info.name}").path if out is None else out
    experiment = Experiment.create(folder, content)
    _made_ready(experiment, content["lesson"])
    return experiment


def contents(
    dataset: str,
    vary: Mapping[str, Any] | None,
    *,
    fixed: Mapping[str, Any] | None,
    seed: int,
    jobs: int | None,
    threads: int | None,
    engine: str,
    data_dir: str | os.PathLike[str] | None,
) -> tuple[dict[str, Any], Dataset]:
    """Work out what ``experiment.json`` of a search holds, and load the data."""
    imported()
    space = _space(vary or SPACE)
    settings = {setting(name): value for name, value in (fixed or {}).items()}
    if twice := sorted(settings.keys() & space.keys()):
        if vary:
            raise ConfigurationError(f"{', '.join(twice)} cannot be both varied and set for all runs. Leave out one.")
        space = {name: values for name, values in space.items() if name not in twice}
    if data_dir is not None:
        settings["data_dir"] = str(user_path(data_dir).absolute())
    if source(dataset).known is None:
        check_before_reading(dataset, **{"validation": VALIDATION, **settings})
    data = load_for(dataset, settings)
    content: dict[str, Any] = {
        "kind": "search",
        "dataset": data.info.key,
        "varied": {name: asdict(values) if isinstance(values, Range) else values for name, values in space.items()},
        "fixed": {**what_fits(data), **settings},
        "seed": seed,
        "threads": share(_MANY, jobs, threads)[1],
        "engine": use(engine).name,
    }
    content["lesson"] = _lesson(space, settings_for(content, {}, data.info))
    return content, data


def resume(path: str | os.PathLike[str], *, minutes: float, jobs: int | None = None) -> Experiment:
    """Search for some minutes more. Several processes and machines may do so at once, if they share the folder.

    Runs that are under way when the time is up are kept as far as they are, and gone on with next time. It ends sooner
    if there is nothing left to try.
    """
    check_minutes(minutes)
    imported()
    experiment = Experiment.open(path)
    refuse_alone(experiment)
    content = experiment.read()
    if content["kind"] != SEARCH:
        raise ConfigurationError(f"The experiment in {path} is a comparison, not a search. Leave out --minutes.")
    remove_leftovers(experiment.path)
    tidy(experiment)
    _made_ready(experiment, content.get("lesson"))
    at_once = share(_MANY, jobs, content["threads"])[0]
    until = time.monotonic() + minutes * 60
    problems: list[Ended] = []

    def ended(words: tuple[str, ...], how: Ended) -> bool:
        problems.append(how)
        return False

    workers = [(str(experiment.path), str(number)) for number in range(at_once)]
    run_all(_WORKER, workers, at_once, ended, lambda running: time.monotonic() < until)
    for problem in (each for each in problems if each.status != failure.DONE):
        if problem.status in (failure.INTERRUPTED, -signal.SIGINT):
            raise KeyboardInterrupt
        if problem.status == failure.NO_ROOM:
            raise StorageError(f"{problem.message} Results so far are saved: convoscope compare --resume {path}")
        raise ConfigurationError(f"The search ended: {problem.message}")
    return experiment


def check_minutes(minutes: float) -> None:
    """Raise ConfigurationError unless there is time to search."""
    if not minutes > 0:
        raise ConfigurationError(f"--minutes must be more than 0, but is {minutes:g}.")


def found(experiment: Experiment) -> list[Row]:
    """Return the runs of a search that came to their end, the best in validation first."""
    finished = [result for result in results(experiment) if result.state == FINISHED]
    judged: list[Result] = [result for result in finished if "val_accuracy" in result.figures]
    return sorted(rows(judged), key=lambda row: -row.results[0].figures["val_accuracy"])


def settings_for(content: Mapping[str, Any], drawn: Mapping[str, Any], info: Any) -> TrainSettings:
    """Return a run's settings for what was drawn."""
    given = {name: value for name, value in {**content["fixed"], **drawn}.items() if value is not None}
    told = {"validation": VALIDATION, **given, "seed": content["seed"]}
    settings = TrainSettings.with_defaults(info, content["threads"], content["engine"], **told)
    if not settings.validation:
        raise ConfigurationError("A search maximizes validation accuracy. Leave out val, or give a fraction above 0.")
    return settings


def imported() -> Any:
    """Return Optuna, which says nothing but warnings.

    Raises
    ------
    NotReadyError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise NotReadyError(
            f"A search needs Optuna, which is not installed. Install it: {installing('search')}. To train every "
            "combination, leave out --search and list the values."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def storage(experiment: Experiment) -> Any:
    """Return Optuna's storage: a file in the experiment's folder that processes and machines can share."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    return JournalStorage(JournalFileBackend(str(experiment.journal), JournalFileOpenLock(str(experiment.journal))))


def opened(experiment: Experiment, index: int) -> Any:
    """Open the search in Optuna, for one of its processes."""
    optuna = imported()
    tried = len(_study(experiment).trials)
    # Not the same draws in every process, nor again after a resume.
    sampler = optuna.samplers.TPESampler(seed=1_000 * tried + index, constant_liar=True)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1)
    return _study(experiment, sampler=sampler, pruner=pruner)


def _made_ready(experiment: Experiment, lesson: dict[str, Any] | None) -> None:
    """Mend what a kill left of the journal, and see to it that the lesson's network is the first that is tried."""
    from optuna.storages.journal import JournalFileOpenLock

    if is_there(experiment.journal):
        lock = JournalFileOpenLock(str(experiment.journal))
        lock.acquire()
        try:
            with open(experiment.journal, "rb+") as file:
                end_last_line(file)
        finally:
            lock.release()
    kept = _study(experiment)
    if lesson is not None and not kept.trials:
        kept.enqueue_trial(lesson)


def _study(experiment: Experiment, **options: Any) -> Any:
    """Open the search in Optuna, or begin it.

    Raises
    ------
    FileFormatError
        Its journal is damaged.
    """
    optuna = imported()
    begun = {"study_name": _NAME, "direction": "maximize", "load_if_exists": True, **options}
    try:
        return optuna.create_study(storage=storage(experiment), **begun)
    except OSError:
        raise
    except Exception as error:  # whatever Optuna does with what it cannot read
        raise FileFormatError(
            f"{experiment.journal} is damaged: Optuna cannot read it ({type(error).__name__}: {error}). Finished runs "
            "are saved; to continue, start a new search."
        ) from error


def _space(vary: Mapping[str, Any]) -> dict[str, Any]:
    space: dict[str, Any] = {}
    for name, values in vary.items():
        key = setting(name)
        if key in ("image_size", "epochs"):
            raise ConfigurationError(
                f"{key} cannot be searched, because runs are compared epoch by epoch on the same images. Set it with "
                "--set."
            )
        space[key] = values if isinstance(values, Range) else checked({key: values})[key]
    return space


def _lesson(space: Mapping[str, Any], settings: TrainSettings) -> dict[str, Any] | None:
    """Return the lesson's own values, or None if they are not within the space."""
    values = {name: getattr(settings, name) for name in space}
    values = {name: _LESSON.get(name) if value is None else value for name, value in values.items()}
    within = all(
        values[name] is not None and wanted.low <= values[name] <= wanted.high
        if isinstance(wanted, Range)
        else values[name] in wanted
        for name, wanted in space.items()
    )
    return values if within else None
