"""A study that several machines work on: begun by the first, joined by the others with the same command."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from convoscope.errors import ConfigurationError, NotReadyError
from convoscope.experiments.claims import USUAL, Claims, Timing
from convoscope.experiments.crew import Crew, Told, Trained
from convoscope.experiments.fingerprint import differences, digest
from convoscope.experiments.places import Place, place
from convoscope.experiments.plan import Experiment
from convoscope.experiments.storages import calling, opened, patiently
from convoscope.experiments.work import Count, Work
from convoscope.paths import is_there, user_path
from convoscope.wording import counted, installing

_ABOUT = "convoscope"  # the study's attribute that holds the fingerprint
_PATIENCE = 60.0  # seconds to reach a storage at first


@dataclass(frozen=True)
class Joined:
    """A study with this machine's folder: what `Study.train` needs.

    Attributes
    ----------
    name : str
    where : Place
    experiment : Experiment
    claims : Claims
    work : Work
    is_new : bool
        Whether this machine was the first.
    timing : Timing
    """

    name: str
    where: Place
    experiment: Experiment
    claims: Claims
    work: Work
    is_new: bool
    timing: Timing

    def described(self) -> str:
        """Say what was begun or joined, and how far it is.

        Examples
        --------
        ``Joined study compare-digits in sqlite:////home/ann/study.db: 4 of 9 runs done, 2 running.``
        """
        count = calling(self.where, self.work.count)
        of = "" if count.of is None else f" of {count.of}"
        done = f"{count.done}{of} {'run' if (count.of or count.done) == 1 else 'runs'} done, {count.running} running"
        return f"{'Began' if self.is_new else 'Joined'} study {self.name} in {self.where.shown}: {done}."

    def count(self) -> Count:
        """Count the study's runs."""
        return calling(self.where, self.work.count)

    def train(
        self,
        at_once: int,
        *,
        seconds: float = float("inf"),
        told: Told = lambda sentence: None,
        trained: Trained = lambda task, result: None,
    ) -> None:
        """Train until all is done on all machines, or the time is up; see `Crew.run`."""
        crew = Crew(self.claims, self.work, self.experiment, self.where, at_once, self.timing, told, trained)
        crew.run(seconds)


def join(
    storage: str | os.PathLike[str],
    name: str,
    content: Mapping[str, Any],
    parts: Mapping[str, Any],
    *,
    out: str | os.PathLike[str] | None,
    make_work: Callable[[Claims, Experiment, Place], Work],
    timing: Timing = USUAL,
    told: Told = lambda sentence: None,
) -> Joined:
    """Begin a study, or join the one of that name.

    Parameters
    ----------
    storage : str or path-like
        What was given for ``--storage``.
    name : str
        The study's name.
    content : mapping
        What this machine's ``experiment.json`` is to hold.
    parts : mapping
        From `convoscope.experiments.fingerprint.fingerprint`.
    out : str or path-like, optional
        This machine's folder, by default ``runs/NAME``.
    make_work : callable
        Makes the `Work` of the claims and the folder.
    timing : Timing
    told : callable
        Told that the storage cannot be reached yet.

    Raises
    ------
    ConfigurationError
        The study is of another experiment, or of another program.
    StorageError
        The storage cannot be reached, or the folder not be made.
    NotReadyError
        Optuna, or the database's driver, is not installed.
    """
    require_optuna()
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise ConfigurationError(f"--study must be a name of 1 to 200 characters, but is {name!r}.")
    where = place(storage)
    code = digest(parts)
    path = out if out is not None else os.path.join("runs", name.replace(os.sep, "-"))
    refuse_other(path, code)  # before a study is begun that this machine cannot work on
    kept, is_new = patiently(where, lambda: _study(where, name, parts), _PATIENCE, told)
    experiment = _folder(path, {**content, "study": code})
    claims = Claims(kept, where, code, timing)
    return Joined(name, where, experiment, claims, make_work(claims, experiment, where), is_new, timing)


def require_optuna() -> None:
    """Raise NotReadyError if Optuna is not installed."""
    try:
        import optuna
    except ImportError:
        raise NotReadyError(
            f"--storage needs Optuna, which is not installed. Install it: {installing('search')}."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def _study(where: Place, name: str, parts: Mapping[str, Any]) -> tuple[Any, bool]:
    """Open the study, or begin it, and see that it is of the same experiment."""
    import secrets

    import optuna

    storage = opened(where)
    sampler = optuna.samplers.TPESampler(seed=secrets.randbits(31), constant_liar=True)  # other draws on each machine
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1)
    options: dict[str, Any] = {"storage": storage, "study_name": name, "sampler": sampler, "pruner": pruner}
    try:
        kept, is_new = optuna.create_study(direction="maximize", **options), True
    except optuna.exceptions.DuplicatedStudyError:
        kept, is_new = optuna.load_study(**options), False
    directions = [direction.name for direction in kept.directions]
    if directions != ["MAXIMIZE"]:
        raise ConfigurationError(
            f"Study {name} in {where.shown} exists with the direction {' and '.join(directions).lower()}, but "
            "validation accuracy needs maximize. Give another name with --study."
        )
    if _ABOUT not in kept.user_attrs:
        if kept.get_trials(deepcopy=False):
            raise ConfigurationError(
                f"Study {name} in {where.shown} was made by another program. Give another name with --study."
            )
        kept.set_user_attr(_ABOUT, dict(parts))
    theirs = kept.user_attrs[_ABOUT]
    if theirs != parts:
        told = (
            differences(theirs, parts) if isinstance(theirs, dict) else [("the study does not describe its experiment")]
        )
        raise ConfigurationError(
            f"This command cannot join study {name} in {where.shown}, which is a different experiment. Differences: "
            f"{'; '.join(told)}. Use the command that started it, or another name with --study."
        )
    return kept, is_new


def refuse_other(path: str | os.PathLike[str], code: str) -> None:
    """Raise ConfigurationError if a folder has another experiment in it than the study of this digest."""
    experiment = Experiment(path)
    if is_there(experiment.file) and experiment.read().get("study") != code:
        raise ConfigurationError(
            f"There is already another experiment in {path}, which is not overwritten. Give another folder with --out."
        )


def _folder(path: str | os.PathLike[str], content: Mapping[str, Any]) -> Experiment:
    """Make this machine's folder, or take the one that it has of the same study."""
    experiment = Experiment(path)
    if not is_there(experiment.file):
        return Experiment.create(user_path(path), content)
    experiment.write(content)  # with the threads and the engine of today
    return experiment


def where_runs_are(results: Any) -> str:
    """Say on which machines and in which folders the runs are."""
    folders: dict[tuple[str, str], int] = {}
    for result in results:
        if result.host is not None:
            key = (result.host, str(result.folder.parent))
            folders[key] = folders.get(key, 0) + 1
    listed = [f"{counted(count, 'run')} on {host} in {folder}" for (host, folder), count in folders.items()]
    return f"The runs' folders stay on the machines that trained them: {'; '.join(listed)}." if listed else ""
