"""Callbacks under Keras' names: what happens beside training, at the start and end of each epoch, batch and run."""

from convoscope.training.callbacks.backup_and_restore import BackupAndRestore
from convoscope.training.callbacks.base import Callback
from convoscope.training.callbacks.csv_logger import CSVLogger
from convoscope.training.callbacks.early_stopping import EarlyStopping
from convoscope.training.callbacks.history import History
from convoscope.training.callbacks.keras_only import ProgbarLogger, RemoteMonitor
from convoscope.training.callbacks.lambda_callback import LambdaCallback
from convoscope.training.callbacks.learning_rate_scheduler import LearningRateScheduler
from convoscope.training.callbacks.live_control import LiveControl
from convoscope.training.callbacks.model_checkpoint import ModelCheckpoint
from convoscope.training.callbacks.printing import ProgressPrinter
from convoscope.training.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from convoscope.training.callbacks.sequence import CallbackList
from convoscope.training.callbacks.snapshots import Snapshots
from convoscope.training.callbacks.swap_ema_weights import SwapEMAWeights
from convoscope.training.callbacks.terminate_on_nan import TerminateOnNaN

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
    "ModelCheckpoint",
    "ProgbarLogger",
    "ProgressPrinter",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "Snapshots",
    "SwapEMAWeights",
    "TerminateOnNaN",
]
