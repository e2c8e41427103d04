"""A trained model by what a person types: a run's folder or a model's file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convoscope.datasets import Dataset
    from convoscope.models import Sequential
    from convoscope.runs import RunFolder


def load(path: Path) -> tuple[Sequential, RunFolder | None]:
    """Load the model of a run, or in a file, and find the run that it is of.

    Raises
    ------
    MissingFileError
        There is neither, or the run has no model yet.
    """
    from convoscope.errors import MissingFileError
    from convoscope.models import load_model
    from convoscope.paths import is_there, refuse_address
    from convoscope.runs import RunFolder

    if not is_there(path):
        refuse_address(path)
        raise MissingFileError(f"There is neither a run nor a model at {path}.{_runs_here()}")
    if path.is_dir():
        run = RunFolder.open(path)
        return load_model(path), run
    beside = RunFolder(path.parent)
    return load_model(path), beside if is_there(beside.config) else None


def other_images(model: Sequential, name: str, data_dir: str | os.PathLike[str] | None) -> Dataset:
    """Load a data set that a model was not trained on.

    Your own images are brought to the model's size and colour: the test images, or all if none are set aside.
    """
    from convoscope.datasets.registry import source

    return source(name).load_to_test(data_dir, model.preprocessing or {})


def _runs_here() -> str:
    runs = sorted(config.parent for config in Path("runs").glob("*/config.json"))
    return f" Runs here: {', '.join(map(str, runs[-8:]))}." if runs else " Train one: convoscope train"
