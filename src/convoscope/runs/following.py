"""What the other processes do, where several train a run: the first one keeps its folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from convoscope import processes
from convoscope.datasets import Dataset
from convoscope.errors import ConvoscopeError
from convoscope.models import Sequential
from convoscope.paths import is_there
from convoscope.processes import world
from convoscope.runs.folder import RunFolder
from convoscope.runs.preparation import split, with_channels
from convoscope.runs.settings import TrainSettings
from convoscope.training.callbacks import Callback


def shared_settings(settings: TrainSettings | None) -> TrainSettings:
    """Return the first process's settings in all of them; a seed may have been drawn."""
    team = processes.team()
    told = team.told(None if settings is None or team.rank else settings.as_dict())
    if settings is not None and not team.rank:
        return settings
    found = TrainSettings.from_dict(told, "What the first process says")
    return found if settings is None else replace(found, device=settings.device)


def train_model(
    model: Sequential, settings: TrainSettings, data: Dataset, done: int, callbacks: Sequence[Callback]
) -> None:
    """Train a run's model from an epoch on, as its settings say."""
    images = split(data, settings)
    model.fit(
        images.x,
        images.y,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        initial_epoch=done,
        validation_data=images.validation,
        class_weight="auto" if settings.class_weight == "auto" else None,
        callbacks=callbacks,
        verbose=0,
    )


def follow(settings: TrainSettings, data: Dataset, model: Sequential) -> None:
    """Train along with the first process, and compute a part of its test."""
    team = processes.team()
    done: int | None = team.told(None)
    if done is not None:
        train_model(model, settings, data, done, [])
    team.spread(model.own_weights)
    model.predict(with_channels(data.x_test), verbose=0)


def launch_name() -> str | None:
    """Return what tells this start of torchrun from others: it is the same when torchrun starts processes again."""
    if world().size == 1 or "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    name = os.environ["TORCHELASTIC_RUN_ID"]
    return f"{socket.gethostname()}-{os.getppid()}" if name in ("", "none") else name


def begun_before(out: Path | None, parent: str = "runs") -> RunFolder | None:
    """Return the run that torchrun's processes had begun when one of them died, and they were started again."""
    name = launch_name()
    if name is None or not world().restarts:
        return None
    folders = [out] if out is not None else sorted(Path(parent).glob("*"), key=_age) if is_there(Path(parent)) else []
    for folder in map(RunFolder, folders):
        if is_there(folder.config) and _launch_of(folder) == name:
            return folder
    return None


def _age(path: Path) -> float:
    return -path.stat().st_mtime


def _launch_of(folder: RunFolder) -> Any:
    try:
        return folder.read_config().get("launch")
    except ConvoscopeError:  # the folder of something else
        return None
