"""Callbacks, where Keras has them: see `convoscope.training.callbacks`, and `convoscope.tracking` for trackers."""

from convoscope.tracking import MLflowLogger, TensorBoard, WandbLogger
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
    SwapEMAWeights,
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
    "MLflowLogger",
    "ModelCheckpoint",
    "ProgressPrinter",
    "ReduceLROnPlateau",
    "Snapshots",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
    "WandbLogger",
]
