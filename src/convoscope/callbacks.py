"""Callbacks, where Keras has them: see `convoscope.training.callbacks`."""

from convoscope.training.callbacks import (
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgressPrinter,
    ReduceLROnPlateau,
    Snapshots,
    TerminateOnNaN,
)

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgressPrinter",
    "ReduceLROnPlateau",
    "Snapshots",
    "TerminateOnNaN",
]
