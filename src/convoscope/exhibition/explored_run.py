"""What there is of a run to explore: its model and its epochs, however far it came."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoscope.errors import FileFormatError
from convoscope.locks import is_in_use
from convoscope.models import Sequential, load_model
from convoscope.names import command_line
from convoscope.paths import is_there
from convoscope.runs import RunFolder
from convoscope.runs.training import settings_of, training_state
from convoscope.training.callbacks.snapshots import find_snapshots
from convoscope.web.epochs import Epochs
from convoscope.wording import agreeing, counted


@dataclass(frozen=True, eq=False)
class Found:
    """A run's model, its epochs, and what is to be said of a run that has not ended."""

    model: Sequential
    epochs: Epochs
    note: str


def run_of(trained: Path) -> RunFolder | None:
    """Return the run that a folder is, or that a file lies in; None for a model's file on its own."""
    if trained.is_dir():
        return RunFolder.open(trained)
    beside = RunFolder(trained.parent)
    return beside if is_there(trained) and is_there(beside.config) else None


def find_model(run: RunFolder, trained: Path) -> Found:
    """Load the file `trained` of a run; or, of its folder, the model, else the checkpoint, else the last snapshot.

    Raises
    ------
    MissingFileError
        The run has none of them.
    """
    state, kept = _state(run), find_snapshots(run.snapshots)
    done = 0 if state is None else int(state["epoch"])
    best = None if state is None else int(state["best_epoch"])
    if trained.is_file():
        file, own = trained, {run.model.name: best, run.checkpoint.name: done}.get(trained.name)
    elif is_there(run.model):
        file, own = run.model, best
    elif state is not None:
        file, own = run.checkpoint, done
    elif kept:
        file, own = kept[max(kept)], max(kept)
    else:
        load_model(trained)  # says what is missing
        raise AssertionError("a run without a model cannot be loaded")
    planned = settings_of(run).epochs

    def is_training() -> bool:
        return is_in_use(run.path)

    def measured() -> list[dict[str, Any]]:
        return run.read_history_up_to(sys.maxsize)

    note = "" if is_there(run.report) or is_training() else _unfinished(run, done, planned, file, own)
    epochs = Epochs(measured, run.snapshots, own, planned, is_training)
    return Found(load_model(file), epochs, " ".join([*([note] if note else []), *_damage(run)]))


def _state(run: RunFolder) -> dict[str, Any] | None:
    """Read how far the checkpoint is; a damaged one is no reason not to look at the rest."""
    try:
        return training_state(run)
    except FileFormatError:
        return None


def _damage(run: RunFolder) -> list[str]:
    """Say what is wrong with the history; the page shows the epochs before that."""
    try:
        run.read_history()
    except FileFormatError as error:
        return [str(error)]
    return []


def _unfinished(run: RunFolder, done: int, planned: int, file: Path, own: int | None) -> str:

    whole = f"{done or 'none'} of its"
    shown = f"This is {file.relative_to(run.path)}" + ("" if own is None else f", the model after epoch {own}")
    go_on = command_line("convoscope", "train", "--resume", run)
    return (
        f"The run in {run} is not finished: {whole} {counted(planned, 'epoch')} {agreeing(done, 'is', 'are')} "
        f"complete, and there is no report. {shown}. To resume it: {go_on}"
    )
