"""Trackers of runs: named on the command line, each set up for a run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convoscope.errors import unknown_name
from convoscope.names import encodable
from convoscope.tracking.mlflow import MLflowLogger
from convoscope.tracking.tensorboard import TensorBoard
from convoscope.tracking.tracker import Tracker
from convoscope.tracking.wandb import WandbLogger

TRACKERS = ("tensorboard", "wandb", "mlflow")


def check_tracker(name: str) -> str:
    """Return the name of a tracker as it is written here, or raise the error for one that is not known.

    Examples
    --------
    >>> check_tracker("MLflow")
    'mlflow'
    """
    if name.lower() not in TRACKERS:
        raise unknown_name("tracker", name, TRACKERS)
    return name.lower()


def make_tracker(name: str, folder: Path, hyperparameters: Mapping[str, Any]) -> Tracker:
    """Set up a tracker for a run.

    Parameters
    ----------
    name : {"tensorboard", "wandb", "mlflow"}
    folder : Path
        The run's. TensorBoard and Weights & Biases write into it, MLflow into a database beside it that all runs
        there share.
    hyperparameters : mapping
        The run's settings.
    """
    hyperparameters = {
        key: encodable(value) if isinstance(value, str) else value for key, value in hyperparameters.items()
    }
    known = check_tracker(name)
    if known == "tensorboard":
        return TensorBoard(folder / "tensorboard", hyperparameters=hyperparameters)
    if known == "wandb":
        return WandbLogger(name=encodable(folder.name), dir=folder, hyperparameters=hyperparameters)
    return MLflowLogger(
        run_name=encodable(folder.name), folder=folder.absolute().parent, hyperparameters=hyperparameters
    )
