"""Callbacks, where Keras has them: see `convoscope.training.callbacks`, and `convoscope.tracking` for trackers."""

from convoscope.tracking import MLflowLogger, TensorBoard, WandbLogger
from convoscope.training.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    LiveControl,
    ModelCheckpoint,
    ProgbarLogger,
    ProgressPrinter,
    ReduceLROnPlateau,
    RemoteMonitor,
    Snapshots,
    SwapEMAWeights,
    TerminateOnNaN,
)
from convoscope.web.live_page import LivePage

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "LiveControl",
    "LivePage",
    "MLflowLogger",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ProgressPrinter",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "Snapshots",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
    "WandbLogger",
]
