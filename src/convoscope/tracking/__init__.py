"""Trackers: what a training run was told and what came of it, in TensorBoard, Weights & Biases or MLflow.

Each is a callback, and an extra to install: ``pip install 'convoscope[tensorboard]'``, ``[wandb]``, ``[mlflow]``.
Whatever goes wrong in one of them, training goes on.
"""

from convoscope.tracking.mlflow import MLflowLogger
from convoscope.tracking.of_runs import TRACKERS, check_tracker, make_tracker
from convoscope.tracking.tensorboard import TensorBoard
from convoscope.tracking.tracker import Tracker, kept_open, trackers_in
from convoscope.tracking.wandb import WandbLogger

__all__ = [
    "TRACKERS",
    "MLflowLogger",
    "TensorBoard",
    "Tracker",
    "WandbLogger",
    "check_tracker",
    "kept_open",
    "make_tracker",
    "trackers_in",
]
