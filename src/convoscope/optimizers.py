"""Optimizers and learning-rate schedules, where Keras has them: see `convoscope.training.optimizers`."""

from convoscope.training import schedules
from convoscope.training.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, deserialize, get, serialize

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "deserialize", "get", "schedules", "serialize"]
