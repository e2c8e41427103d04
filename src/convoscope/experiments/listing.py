"""Runs in a folder, with what state they are in: found, filtered, sorted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.experiments.results import BEGUN, DAMAGED, Result, read, run_folders
from convoscope.experiments.space import written
from convoscope.locks import is_in_use
from convoscope.runs import RunFolder

TRAINING, STOPPED = "training", "stopped"
# What there is to sort by, and whether the most comes first.
ORDERS = {
    "name": False,
    "created": True,
    "validation": True,
    "test": True,
    "gap": True,
    "epochs": True,
    "seconds": False,
    "parameters": False,
    "images/s": True,
}
_FIGURES = {"validation": "val_accuracy", "test": "test_accuracy", "images/s": "images_a_second"}


@dataclass(frozen=True)
class Listed:
    """A run as it is now: ``state`` is training, stopped, finished, failed or damaged, ``created`` when it began."""

    name: str
    state: str
    created: str
    result: Result

    def value(self, name: str) -> Any:
        """Return a setting, or the state."""
        return self.state if name == "state" else self.result.settings.get(name)


def listed(path: Path) -> list[Listed]:
    """List all runs in a folder, its subfolders, and the experiments in it."""
    return [_look(folder, path) for folder in run_folders(path)]


def chosen(runs: Sequence[Listed], conditions: Sequence[str]) -> list[Listed]:
    """Keep the runs that meet all conditions.

    Parameters
    ----------
    runs : sequence of Listed
    conditions : sequence of str
        ``dataset=digits`` or ``state=finished``; ``filters=8,16`` is met by either.

    Raises
    ------
    UnknownNameError
        A condition on what no run has.
    """
    known = ["state", *dict.fromkeys(name for run in runs for name in run.result.settings)]
    kept = list(runs)
    for condition in conditions:
        name, sign, right = condition.partition("=")
        key = name.strip().lower().replace("-", "_")
        if not sign or not right.strip():
            raise ConfigurationError(
                f"--where takes SETTING=VALUE, but got {condition!r}. For example: --where dataset=digits."
            )
        if runs and key not in known:
            raise unknown_name("setting", name.strip(), [each.replace("_", "-") for each in known])
        wanted = {value.strip().lower() for value in right.split(",")}
        kept = [run for run in kept if written(run.value(key)).lower() in wanted]
    return kept


def ordered(runs: Sequence[Listed], by: str) -> list[Listed]:
    """Sort runs by one of `ORDERS`; those that lack it come last."""
    if by not in ORDERS:
        raise unknown_name("order", by, ORDERS)
    most_first = ORDERS[by]
    lacking = [run for run in runs if _key(run, by) is None]
    return [
        *sorted((run for run in runs if run not in lacking), key=lambda run: _key(run, by), reverse=most_first),
        *lacking,
    ]


def _key(run: Listed, by: str) -> Any:
    if by in ("name", "created"):
        return getattr(run, by)
    return run.result.epochs if by == "epochs" else run.result.figures.get(_FIGURES.get(by, by))


def _look(folder: RunFolder, above: Path) -> Listed:
    name = str(folder.path.relative_to(above)) if folder.path != above else folder.path.name
    result = read(folder)
    if result.state == DAMAGED:
        return Listed(name, DAMAGED, "", result)
    created = str(folder.read_config().get("created") or "")
    state = result.state
    if state == BEGUN:
        state = TRAINING if is_in_use(folder.path) else STOPPED
    return Listed(name, state, created, result)
